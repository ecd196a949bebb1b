# Nothing is deleted or made anew in accounts whose name ends in -prod.
#
# `--allow destroys` is one person's consent; this rule is everybody's. To take something down in
# production, disable it first, and lift this rule in a change of its own.
package idform

deny contains {"msg": msg, "address": change.address} if {
	some change in input.resource_changes
	endswith(change.account, "-prod")
	"delete" in change.change.actions
	msg := sprintf("%s in a production account", [words[change.action]])
}

words := {
	"delete": "it would be deleted",
	"replace": "it would be deleted and made anew",
	"blocked": "it would have to be deleted",
}
