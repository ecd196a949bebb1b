# Only issuers that somebody looked at: https, and a host on this list.
#
# A typing slip in an issuer (gitlab.com.example) is a stranger who may sign pipelines in. The list
# below is the example's; keep yours with those who answer for sign-in, not beside the manifests.
package idform

trusted_hosts := {
	"token.actions.githubusercontent.com",
	"gitlab.com",
	"acme.okta.com",
}

deny contains {"msg": msg, "address": change.address} if {
	some change in input.resource_changes
	issuer := change.change.after.issuer
	not trusted_issuer(issuer)
	msg := sprintf("the issuer %s is not on the list of trusted hosts", [issuer])
}

trusted_issuer(issuer) if {
	startswith(issuer, "https://")
	rest := substring(issuer, 8, -1)
	host := split(rest, "/")[0]
	trusted_hosts[host]
}
