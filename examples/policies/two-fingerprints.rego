# Two fingerprints for every OIDC provider on Alibaba Cloud.
#
# Alibaba Cloud trusts an issuer by fingerprints of its TLS chain. With one alone, the issuer's next
# certificate ends sign-in at the moment it is served. Warns only: an outage to come is no reason to
# hold back another change.
package idform

warn contains {"msg": msg, "address": change.address} if {
	some change in input.resource_changes
	change.type == "AlibabaOidcProvider"
	fingerprints := change.change.after.fingerprints
	count(fingerprints) < 2
	msg := "one fingerprint only: the issuer's next certificate will end sign-in"
}
