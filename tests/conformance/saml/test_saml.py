"""Metadata of identity providers as three implementations really write it, through a roll-over of
their certificates on three clouds: `pysaml2` (plain, and signed by xmlsec), npm's `samlify`, and
`samlp`, which is Auth0's.
"""

import pathlib
import re
import subprocess
import textwrap
import xml.dom.minidom
from xml.etree import ElementTree

import pytest
from authority import self_signed
from conftest import manifest
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, config, metadata, sigver

HERE = pathlib.Path(__file__).resolve().parent
ENTITY = "https://idp.acme.example/metadata"
SIGN_ON = "https://idp.acme.example/sso"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def pysaml2_config(certificates, **more):
    """Certificates are pairs of files; the first one's key signs."""
    certificate_file, key_file = certificates[0]
    service = {
        "name": "Acme staff",
        "name_id_format": [EMAIL],
        "endpoints": {
            "single_sign_on_service": [
                (SIGN_ON, BINDING_HTTP_REDIRECT),
                (SIGN_ON, BINDING_HTTP_POST),
            ]
        },
    }
    made = config.IdPConfig()
    made.load(
        {
            "entityid": ENTITY,
            "service": {"idp": service},
            "cert_file": str(certificate_file),
            "key_file": str(key_file),
            "additional_cert_files": [str(it) for it, _ in certificates[1:]],
        }
        | more
    )
    return made


def pysaml2(certificates, **more):
    return metadata.entity_descriptor(pysaml2_config(certificates, **more)).to_string()


def pysaml2_signed(certificates):
    """As a person downloads it: with an organization, a date, and a signature over all of it."""
    made = pysaml2_config(
        certificates,
        organization={
            "name": "Acme",
            "display_name": [("Acme", "en"), ("艾克米", "zh")],
            "url": "https://acme.example",
        },
        contact_person=[{"given_name": "Ada", "contact_type": "technical"}],
    )
    descriptor = metadata.entity_descriptor(made)
    # A day that is the same for each download; `test_until_when` is about another one.
    descriptor.valid_until = "2036-01-01T00:00:00Z"
    _, text = metadata.sign_entity_descriptor(descriptor, None, sigver.security_context(made))
    return text.encode()


def by_node(implementation):
    def make(certificates):
        files = [certificate for certificate, _ in certificates]
        return subprocess.run(
            ["node", HERE / "metadata.mjs", implementation, ENTITY, SIGN_ON, *files],
            check=True,
            stdout=subprocess.PIPE,
            timeout=60,
        ).stdout

    return make


IMPLEMENTATIONS = {
    "pysaml2": pysaml2,
    "pysaml2-signed": pysaml2_signed,
    "samlify": by_node("samlify"),
    "samlp": by_node("samlp"),
}


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("old"), "staff 2025", days=90)


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("new"), "staff 2026")


def declare(idform, name, document):
    """The provider for roles on three clouds."""
    idform.write("idp/idp.xml", document)
    given = {"metadata": {"file": "idp.xml"}}
    rules = [{"remote": [{"type": "email"}], "local": [{"user": {"name": "{0}"}}]}]
    idform.write(
        "idp/staff.yaml",
        [
            manifest("AlibabaSamlProvider", name, account="alibaba-prod", **given),
            manifest("TencentSamlProvider", name, account="tencent-prod", **given),
            manifest("HuaweiIdentityProvider", name, account="huawei-prod", enabled=True),
            manifest("HuaweiMapping", name, account="huawei-prod", rules=rules),
            manifest(
                "HuaweiProtocol",
                name,
                account="huawei-prod",
                identityProvider=name,
                protocol="saml",
                mapping=name,
            ),
            manifest(
                "HuaweiSamlMetadata", name, account="huawei-prod", identityProvider=name, **given
            ),
        ],
    )


def settle(idform, name, document, *consent):
    """Brings a document to the clouds; gives the plan that was applied."""
    declare(idform, name, document)
    told = idform(0, "apply", "--yes", *consent)
    idform(0, "plan", "--detailed-exitcode")
    return told


def signs(told, sign, name):
    """On how many clouds the plan adds (`+`) or removes (`-`) a certificate."""
    return len(re.findall(rf"{re.escape(sign)} .*CN={name}", told))


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request):
    return request.param


def test_a_roll_over(idform, implementation, old, new):
    make = IMPLEMENTATIONS[implementation]
    name = "roll-over"
    declare(idform, name, make([old]))
    idform(0, "validate")
    settle(idform, name, make([old]), "--allow", "switches-sign-in")
    idform(0, "drift")
    if implementation == "samlp":
        # It knows one certificate: exchanged at once, which is no roll-over and says so.
        declare(idform, name, make([new]))
        told = idform(2, "plan", "--detailed-exitcode")
        assert signs(told, "+", "staff 2026") == signs(told, "-", "staff 2025") == 3, told
        assert "may-break-sign-in" in told, told
        idform(3, "apply", "--yes")
        settle(idform, name, make([new]), "--allow", "may-break-sign-in")
        return
    told = settle(idform, name, make([old, new]))
    assert signs(told, "+", "staff 2026") == 3, told
    assert signs(told, "-", "staff 2025") == 0, told
    assert "widens-trust" in told and "may-break-sign-in" not in told, told
    # The order of the two means nothing: providers put the one in front that they sign with.
    declare(idform, name, make([new, old]))
    idform(0, "plan", "--detailed-exitcode")
    declare(idform, name, make([new]))
    idform(3, "apply", "--yes")
    told = settle(idform, name, make([new]), "--allow", "may-break-sign-in")
    assert signs(told, "-", "staff 2025") == 3, told
    assert signs(told, "+", "staff 2026") == 0, told


def pretty(document):
    return xml.dom.minidom.parseString(document).toprettyxml(indent="\t", encoding="UTF-8")


def canonical(document):
    """W3C canonical XML: attributes sorted, empty elements written out, no declaration."""
    return ElementTree.canonicalize(document.decode())


def other_prefixes(document):
    root = ElementTree.fromstring(document)
    spaces = {element.tag.partition("}")[0].removeprefix("{") for element in root.iter()}
    for number, space in enumerate(sorted(spaces)):
        ElementTree.register_namespace(f"x{number}", space)
    return ElementTree.tostring(root, encoding="utf-8")


def turned_attributes(document):
    root = ElementTree.fromstring(document)
    for element in root.iter():
        turned = list(reversed(element.attrib.items()))
        element.attrib.clear()
        element.attrib.update(turned)
    return ElementTree.tostring(root, encoding="utf-8")


def wrapped_certificates(document):
    def wrap(found):
        lines = textwrap.wrap(re.sub(rb"\s", b"", found[2]).decode(), 64)
        return found[1] + "\n".join(["", *lines, ""]).encode() + found[3]

    return re.sub(rb"(<(?:\w+:)?X509Certificate>)([^<]*)(</)", wrap, document)


def test_the_same_said_otherwise(idform, implementation, old):
    make = IMPLEMENTATIONS[implementation]
    first = make([old])
    settle(idform, "same", first, "--allow", "switches-sign-in")
    # The signed one has another signature in each download.
    ways = [pretty, canonical, other_prefixes, turned_attributes, wrapped_certificates]
    for way in [make, *(lambda certificates, way=way: way(make(certificates)) for way in ways)]:
        declare(idform, "same", way([old]))
        told = idform(0, "plan", "--detailed-exitcode")
        assert "6 unchanged" in told, told


def test_two_implementations_of_one_provider(idform, old):
    """What differs between `pysaml2` and `samlify` in bytes means nothing."""
    settle(idform, "moved", pysaml2([old]), "--allow", "switches-sign-in")
    declare(idform, "moved", IMPLEMENTATIONS["samlify"]([old]))
    idform(0, "plan", "--detailed-exitcode")


def test_until_when(idform, old):
    """`validUntil` counts: clouds may stop taking what has run out."""
    settle(idform, "dated", pysaml2([old], valid_for=48), "--allow", "switches-sign-in")
    declare(idform, "dated", pysaml2([old], valid_for=4800))
    told = idform(2, "plan", "--detailed-exitcode")
    assert "3 to update" in told, told
    assert len(re.findall(r"[+~].*valid until", told)) == 3, told
    assert "CN=staff" not in told, told


def test_endpoints_and_names_count(idform, old):
    settle(idform, "moving", pysaml2([old]), "--allow", "switches-sign-in")
    moved = pysaml2([old]).replace(SIGN_ON.encode(), b"https://sso.acme.example/saml")
    declare(idform, "moving", moved)
    told = idform(2, "plan", "--detailed-exitcode")
    assert "https://sso.acme.example/saml" in told and SIGN_ON in told, told
    assert "CN=staff" not in told, told
    declare(idform, "moving", pysaml2([old], entityid="https://other.acme.example"))
    told = idform(2, "plan", "--detailed-exitcode")
    assert "https://other.acme.example" in told and ENTITY in told, told


def test_what_is_no_identity_provider(idform, old):
    """What a person takes for the provider's metadata, and which is something else."""
    certificate, key = (str(file) for file in old)
    consumer = config.SPConfig()
    endpoints = {"assertion_consumer_service": [("https://app.acme.example/acs", BINDING_HTTP_POST)]}
    consumer.load(
        {
            "entityid": "https://app.acme.example",
            "service": {"sp": {"endpoints": endpoints}},
            "cert_file": certificate,
            "key_file": key,
        }
    )
    consumer_text = metadata.entity_descriptor(consumer).to_string()
    several, _ = metadata.entities_descriptor(
        [
            metadata.entity_descriptor(pysaml2_config([old])),
            metadata.entity_descriptor(pysaml2_config([old], entityid="https://two.acme.example")),
        ],
        valid_for=24,
        name="federation",
        ident="id-1",
        sign=False,
        secc=None,
    )
    for document, words in (
        (consumer_text, "no identity provider"),
        (str(several).encode(), "2 identity providers"),
    ):
        declare(idform, "wrong", document)
        told = " ".join(idform(1, "validate").split())
        assert "invalid-metadata" in told and words in told, told


def test_a_key_among_the_certificates(idform, old):
    """A person pasted the wrong file."""
    _, key = old
    document = pysaml2([old])
    certificate = re.search(rb"X509Certificate>([^<]+)<", document)[1]
    body = b"".join(key.read_bytes().splitlines()[1:-1])
    declare(idform, "leaked", document.replace(certificate, body))
    told = idform(1, "validate")
    assert "private-key" in told or "invalid-metadata" in told, told
    assert body[40:80].decode() not in told, "and no message repeats it"
