# What is created needs somebody who answers for it: `metadata.owner`.
#
# Asked of new objects only, so that the rule can be brought in without touching what is there.
package idform

deny contains {"msg": msg, "address": change.address} if {
	some change in input.resource_changes
	change.change.actions == ["create"]
	not owned(change)
	msg := "nobody answers for it; write `owner` under `metadata`"
}

owned(change) if {
	is_string(change.owner)
	change.owner != ""
}
