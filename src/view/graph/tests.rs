use super::*;
use crate::compile::compile;
use crate::lock::Lock;
use crate::manifest::{AllowedEnv, parse_texts};
use crate::view::fixture::address;

fn input() -> GraphInput {
    let role = address("alibaba-prod/AlibabaRole/ci");
    let provider = address("alibaba-prod/AlibabaOidcProvider/github");
    let other = address("tencent-prod/TencentRole/ci");
    let group = |address: &Address| (address.clone(), address.account.clone());
    GraphInput {
        nodes: [&provider, &role, &other].map(group).to_vec(),
        edges: vec![
            (role.clone(), provider.clone()),
            (role, provider),
            (other, address("a/AlibabaRole/elsewhere")),
        ],
    }
}

#[test]
fn graphviz() {
    assert_eq!(
        dot(&input()),
        r#"digraph idform {
  rankdir=LR;
  node [shape=box, fontname="sans-serif"];
  subgraph cluster_0 {
    label="alibaba-prod";
    n0 [label="AlibabaOidcProvider\ngithub"];
    n1 [label="AlibabaRole\nci"];
  }
  subgraph cluster_1 {
    label="tencent-prod";
    n2 [label="TencentRole\nci"];
  }
  n1 -> n0;
}
"#
    );
}

#[test]
fn mermaids() {
    assert_eq!(
        mermaid(&input()),
        r#"flowchart LR
  subgraph g0["alibaba-prod"]
    n0["AlibabaOidcProvider<br/>github"]
    n1["AlibabaRole<br/>ci"]
  end
  subgraph g1["tencent-prod"]
    n2["TencentRole<br/>ci"]
  end
  n1 --> n0
"#
    );
}

#[test]
fn what_is_declared_becomes_a_graph() {
    let text = "\
apiVersion: idform/v1
kind: Account
metadata: {name: huawei-prod}
spec: {cloud: huawei}
---
apiVersion: idform/v1
kind: HuaweiIdentityProvider
metadata: {name: okta}
spec: {account: huawei-prod, ssoType: virtual_user_sso}
---
apiVersion: idform/v1
kind: HuaweiProtocol
metadata: {name: okta}
spec: {account: huawei-prod, identityProvider: okta, protocol: oidc, mapping: {external: m}}
";
    let texts = [("idp.yaml", text)];
    let (mut manifests, mut diagnostics) =
        parse_texts(&texts, &[], crate::clouds::CLOUDS, &AllowedEnv::default());
    let world = compile(&mut manifests, Some(&Lock::default()), &mut diagnostics);
    let graph = GraphInput::of(&world);
    assert_eq!(graph.nodes.len(), 2, "{:?}", diagnostics.into_sorted());
    let provider = address("huawei-prod/HuaweiIdentityProvider/okta");
    let protocol = address("huawei-prod/HuaweiProtocol/okta");
    assert_eq!(graph.edges, [(protocol, provider)]);
}
