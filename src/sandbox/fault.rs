//! What can go wrong on the way, on purpose: faults aimed at actions by name.

use std::str::FromStr;
use std::time::Duration;

use super::credentials;

/// One fault: which requests it meets, how often, and what happens to them.
///
/// Its text form is `[CLOUD:]ACTION=KIND[,skip=N][,times=N]`, for example
/// `alibaba:Create*=drop-after,times=1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The only cloud it concerns; every cloud when absent.
    pub cloud: Option<String>,
    /// The action's documented name; `*` stands for any run of characters.
    pub action: String,
    /// What happens.
    pub kind: FaultKind,
    /// How many matching requests pass before the first one is met.
    pub skip: u32,
    /// How many requests are met; for ever when absent.
    pub times: Option<u32>,
}

/// What happens to a request that a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Refused as too frequent, without a hint (`throttle`).
    Throttle,
    /// Refused as too frequent, with the cloud's wait hint in seconds (`throttle-wait:SECONDS`).
    ThrottleWait(u32),
    /// Fails in the cloud's own shape and does nothing (`status:CODE`).
    Status(u16),
    /// Is done, then fails in the cloud's own shape (`status-after:CODE`).
    StatusAfter(u16),
    /// The connection closes without an answer and nothing is done (`drop`).
    Drop,
    /// Is done, then the connection closes without an answer (`drop-after`).
    DropAfter,
    /// A load balancer's HTML page with status 502; nothing is done (`html`).
    Html,
    /// A load balancer's HTML page with status 200; nothing is done (`html-200`).
    HtmlOk,
    /// Is done; the answer announces its whole length and breaks off in the middle (`cut`).
    Cut,
    /// Is done; the answer claims to be JSON and is not (`malformed`).
    Malformed,
    /// Is done; the right answer under the wrong content type (`content-type`).
    ContentType,
    /// Waits this long and goes on (`delay:MILLIS`). Several delays add up.
    Delay(Duration),
    /// Waits until the faults are cleared and goes on (`hold`).
    Hold,
    /// Never answers and does nothing (`stall`).
    Stall,
    /// Is done and never answers (`stall-after`).
    StallAfter,
    /// Refused as not permitted, in the cloud's own shape (`deny`).
    Deny,
    /// The temporary keys or the token of the request run out now: it and all that comes with them
    /// later are refused as the cloud refuses old ones; new ones work (`expire`). A request with
    /// permanent keys, or with none, goes on.
    Expire,
}

/// Why the text of a fault cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No `=` or an empty side of it.
    #[error("write the fault `{0}` as [CLOUD:]ACTION=KIND[,skip=N][,times=N]")]
    Form(String),
    /// The part before the colon is not a cloud.
    #[error("`{0}` is not a cloud of the sandbox; write tencent, alibaba or huawei")]
    Cloud(String),
    /// The kind is not one of those documented.
    #[error(
        "`{0}` is not a kind of fault; write throttle, throttle-wait:SECONDS, status:CODE, \
         status-after:CODE, drop, drop-after, html, html-200, cut, malformed, content-type, \
         delay:MILLIS, hold, stall, stall-after, deny or expire"
    )]
    Kind(String),
    /// What follows the kind is neither `skip=N` nor `times=N`.
    #[error("`{0}` is neither skip=N nor times=N")]
    Option(String),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let form = || FaultError::Form(text.to_owned());
        let (aim, rest) = text.split_once('=').ok_or_else(form)?;
        let (cloud, action) = match aim.split_once(':') {
            Some((cloud, action)) => (Some(cloud.trim().to_owned()), action.trim()),
            None => (None, aim.trim()),
        };
        if action.is_empty() {
            return Err(form());
        }
        if let Some(cloud) = cloud.as_ref().filter(|cloud| !credentials::is_cloud(cloud)) {
            return Err(FaultError::Cloud(cloud.clone()));
        }
        let mut parts = rest.split(',').map(str::trim);
        let kind = parts.next().unwrap_or_default().parse()?;
        let mut fault = Self {
            cloud,
            action: action.to_owned(),
            kind,
            skip: 0,
            times: None,
        };
        for part in parts {
            let unknown = || FaultError::Option(part.to_owned());
            let (name, number) = part.split_once('=').ok_or_else(unknown)?;
            let number: u32 = number.trim().parse().map_err(|_| unknown())?;
            match name.trim() {
                "skip" => fault.skip = number,
                "times" => fault.times = Some(number),
                _ => return Err(unknown()),
            }
        }
        Ok(fault)
    }
}

impl FromStr for FaultKind {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let unknown = || FaultError::Kind(text.to_owned());
        let (word, number) = match text.split_once(':') {
            Some((word, number)) => (word, Some(number)),
            None => (text, None),
        };
        let status = || {
            number
                .and_then(|number| number.parse::<u16>().ok())
                .filter(|status| (400..=599).contains(status))
                .ok_or_else(unknown)
        };
        let whole = || {
            number
                .and_then(|number| number.parse::<u32>().ok())
                .ok_or_else(unknown)
        };
        let kind = match word {
            "throttle-wait" => return Ok(Self::ThrottleWait(whole()?)),
            "status" => return Ok(Self::Status(status()?)),
            "status-after" => return Ok(Self::StatusAfter(status()?)),
            "delay" => return Ok(Self::Delay(Duration::from_millis(u64::from(whole()?)))),
            "throttle" => Self::Throttle,
            "drop" => Self::Drop,
            "drop-after" => Self::DropAfter,
            "html" => Self::Html,
            "html-200" => Self::HtmlOk,
            "cut" => Self::Cut,
            "malformed" => Self::Malformed,
            "content-type" => Self::ContentType,
            "hold" => Self::Hold,
            "stall" => Self::Stall,
            "stall-after" => Self::StallAfter,
            "deny" => Self::Deny,
            "expire" => Self::Expire,
            _ => return Err(unknown()),
        };
        if number.is_some() {
            return Err(unknown());
        }
        Ok(kind)
    }
}

/// The faults in force, with what each has met so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(Fault, u32)>,
}

/// What the faults do to one request: a wait, then at most one thing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) wait: Duration,
    pub(crate) kind: Option<FaultKind>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.rules.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Asks each fault in the order given; the first that meets the request decides, and those
    /// after it do not count the request. Delays add up and let the next fault decide.
    pub(crate) fn judge(&mut self, cloud: &str, action: &str) -> Verdict {
        let mut verdict = Verdict::default();
        for (fault, met) in &mut self.rules {
            let aimed = fault.cloud.as_deref().is_none_or(|only| only == cloud)
                && matches(&fault.action, action);
            if !aimed {
                continue;
            }
            *met = met.saturating_add(1);
            let turn =
                *met > fault.skip && fault.times.is_none_or(|times| *met - fault.skip <= times);
            if !turn {
                continue;
            }
            if let FaultKind::Delay(wait) = fault.kind {
                verdict.wait += wait;
            } else {
                verdict.kind = Some(fault.kind);
                break;
            }
        }
        verdict
    }
}

/// Whether `text` has the shape of `pattern`, in which `*` is any run of characters.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_text_form() {
        let fault: Fault = "alibaba:Create*=drop-after,skip=2,times=1".parse().unwrap();
        assert_eq!(fault.cloud.as_deref(), Some("alibaba"));
        assert_eq!(fault.action, "Create*");
        assert_eq!(fault.kind, FaultKind::DropAfter);
        assert_eq!((fault.skip, fault.times), (2, Some(1)));
        let fault: Fault = "*=throttle-wait:3".parse().unwrap();
        assert_eq!(fault.kind, FaultKind::ThrottleWait(3));
        for wrong in [
            "",
            "x",
            "=drop",
            "azure:*=drop",
            "*=explode",
            "*=status:42",
            "*=status",
            "*=drop:3",
            "*=drop,every=2",
            "*=drop,times=x",
        ] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "GetX", true),
            ("Get*", "GetX", true),
            ("Get*", "CreateGet", false),
            ("*OIDC*", "CreateOIDCProvider", true),
            ("*Provider", "CreateOIDCProvider", true),
            ("C*O*r", "CreateOIDCProvider", true),
            ("Get", "GetX", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn skips_meets_and_ends() {
        let mut faults = Faults::default();
        faults.add("*=drop,skip=1,times=2".parse().unwrap());
        let kinds: Vec<_> = (0..5).map(|_| faults.judge("tencent", "X").kind).collect();
        let drop = Some(FaultKind::Drop);
        assert_eq!(kinds, [None, drop, drop, None, None]);
    }

    #[test]
    fn delays_add_up_and_pass_on() {
        let mut faults = Faults::default();
        faults.add("*=delay:10".parse().unwrap());
        faults.add("*=delay:5".parse().unwrap());
        faults.add("tencent:*=deny".parse().unwrap());
        let verdict = faults.judge("tencent", "X");
        assert_eq!(verdict.wait, Duration::from_millis(15));
        assert_eq!(verdict.kind, Some(FaultKind::Deny));
        assert_eq!(faults.judge("alibaba", "X").kind, None);
    }
}
