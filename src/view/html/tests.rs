use super::*;
use crate::view::fixture;
use crate::view::fixture::review::{findings, foreign, many};

fn report(plan: &Plan, text: &str, title: &str) -> String {
    let (sources, diagnostics) = findings(text);
    render(&ReviewInput {
        plan: Some(plan),
        diagnostics: &diagnostics,
        sources: &sources,
        command: "plan",
        errored: true,
        title: Some(title),
    })
}

#[test]
fn nothing_is_fetched_and_nothing_else_runs() {
    let html = report(&fixture::everything(), "github", "production");
    for attribute in [
        " src=",
        "url(http",
        "@import",
        " style=",
        " onclick=",
        "javascript:",
    ] {
        assert!(!html.contains(attribute), "{attribute}");
    }
    let links = html.split("href=\"").skip(1);
    for link in links {
        assert!(link.starts_with("#c"), "{}", &link[..20]);
    }
    assert!(html.contains("default-src 'none'; style-src 'sha256-"));
    assert!(!STYLE.contains("</style") && !SCRIPT.contains("</script"));
    assert!(
        !STYLE.contains('\r') && !SCRIPT.contains('\r'),
        "the hashes are of what browsers see"
    );
}

#[test]
fn every_link_leads_somewhere() {
    let html = report(&fixture::everything(), "github", "production");
    for link in html.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap();
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
}

/// Writes the reports that the browser test opens; see `tests/browser/README.md`.
#[test]
fn reports_for_the_browser_test() {
    let reports = [
        (
            "everything",
            report(&fixture::everything(), "github", "production"),
        ),
        ("hostile", {
            let text = "\"'></script></style><img src=x onerror=\"globalThis.owned=1\"><script>\
                        globalThis.owned=1</script>";
            report(&foreign(text), text, text)
        }),
        ("many", report(&many(5_000), "github", "many")),
    ];
    for (name, html) in &reports {
        assert!(html.ends_with("</html>\n"), "{name}");
    }
    if let Some(folder) = std::env::var_os("IDFORM_WRITE_REPORT") {
        let folder = std::path::PathBuf::from(folder);
        for (name, html) in reports {
            std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
        }
    }
}
