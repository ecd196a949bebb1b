use super::*;

#[test]
fn what_would_end_a_property_or_a_message_is_encoded() {
    let place = Place {
        file: "./a,b:c%.yaml",
        line: 3,
        range: Some((3, 5, 9)),
    };
    assert_eq!(
        command(
            Level::Error,
            Some(&place),
            "t: x",
            "100%\nsecond: a, b\r\n::error::no"
        ),
        "::error file=a%2Cb%3Ac%25.yaml,line=3,endLine=3,col=5,endColumn=9,title=t%3A x::100%25%0A\
         second: a, b%0A::error::no\n"
    );
}
