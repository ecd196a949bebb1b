//! The table of actions: adding one is a function and a line here.

use super::answer::Result;
use super::parameters::Form::{Objects, Text, Texts, Whole};
use super::parameters::Parameter;
use super::{Call, account, oidc_provider, role, role_policy, saml_provider, sts, user_sso};

/// A service with its only version: apis/tencent.md §1.2.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

const CAM: &Service = &Service {
    name: "cam",
    version: "2019-01-16",
};
const STS: &Service = &Service {
    name: "sts",
    version: "2018-08-13",
};

/// The services the emulator knows.
pub(super) const SERVICES: [&Service; 2] = [CAM, STS];

/// The actions that come without a signature, as `Authorization: SKIP`: apis/tencent.md §5.
/// The second is not served.
pub(super) const UNSIGNED: [&str; 2] = ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"];

/// One action: where it lives, what it takes, what it does.
pub(super) struct Action {
    pub(super) service: &'static Service,
    pub(super) name: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) run: fn(&mut Call<'_>) -> Result,
}

const USER_OIDC: &[Parameter] = &[
    Parameter::required("IdentityUrl", Text),
    Parameter::required("IdentityKey", Text),
    Parameter::required("ClientId", Text),
    Parameter::required("AuthorizationEndpoint", Text),
    Parameter::required("ResponseType", Text),
    Parameter::required("ResponseMode", Text),
    Parameter::required("MappingFiled", Text),
    Parameter::optional("Scope", Texts),
    Parameter::optional("Description", Text),
    Parameter::china_only("AutoRotateKey", Whole),
];

const ROLE_OIDC: &[Parameter] = &[
    Parameter::required("Name", Text),
    Parameter::required("IdentityUrl", Text),
    Parameter::required("IdentityKey", Text),
    Parameter::required("ClientId", Texts),
    Parameter::optional("Description", Text),
    Parameter::china_only("AutoRotateKey", Whole),
];

const NAME: &[Parameter] = &[Parameter::required("Name", Text)];

const CREATE_SAML_PROVIDER: &[Parameter] = &[
    Parameter::required("Name", Text),
    Parameter::required("Description", Text),
    Parameter::required("SAMLMetadataDocument", Text),
];

const UPDATE_SAML_PROVIDER: &[Parameter] = &[
    Parameter::required("Name", Text),
    Parameter::optional("Description", Text),
    Parameter::optional("SAMLMetadataDocument", Text),
];

const CREATE_USER_SAML: &[Parameter] = &[
    Parameter::required("SAMLMetadataDocument", Text),
    Parameter::china_only("AuxiliaryDomain", Text),
];

const UPDATE_USER_SAML: &[Parameter] = &[
    Parameter::required("Operate", Text),
    Parameter::optional("SAMLMetadataDocument", Text),
    Parameter::china_only("AuxiliaryDomain", Text),
];

const CREATE_ROLE: &[Parameter] = &[
    Parameter::required("RoleName", Text),
    Parameter::required("PolicyDocument", Text),
    Parameter::optional("Description", Text),
    Parameter::optional("ConsoleLogin", Whole),
    Parameter::optional("SessionDuration", Whole),
    Parameter::optional("Tags", Objects),
];

/// A role's id is a text here, as in most actions, and a number in [`ROLE_BY_NUMBER`].
const ROLE: &[Parameter] = &[
    Parameter::optional("RoleId", Text),
    Parameter::optional("RoleName", Text),
];

const UPDATE_TRUST: &[Parameter] = &[
    ROLE[0],
    ROLE[1],
    Parameter::required("PolicyDocument", Text),
];

const UPDATE_ROLE_DESCRIPTION: &[Parameter] =
    &[ROLE[0], ROLE[1], Parameter::required("Description", Text)];

const ROLE_BY_NUMBER: &[Parameter] = &[
    Parameter::optional("RoleId", Whole),
    Parameter::optional("RoleName", Text),
];

const UPDATE_CONSOLE_LOGIN: &[Parameter] = &[
    ROLE_BY_NUMBER[0],
    ROLE_BY_NUMBER[1],
    Parameter::required("ConsoleLogin", Whole),
];

const UPDATE_SESSION_DURATION: &[Parameter] = &[
    ROLE_BY_NUMBER[0],
    ROLE_BY_NUMBER[1],
    Parameter::required("SessionDuration", Whole),
];

const TAG_ROLE: &[Parameter] = &[ROLE[0], ROLE[1], Parameter::required("Tags", Objects)];

const UNTAG_ROLE: &[Parameter] = &[ROLE[0], ROLE[1], Parameter::required("TagKeys", Texts)];

const LIST_ROLES: &[Parameter] = &[
    Parameter::required("Page", Whole),
    Parameter::required("Rp", Whole),
    Parameter::optional("Tags", Objects),
];

const ATTACH: &[Parameter] = &[
    Parameter::optional("PolicyId", Whole),
    Parameter::optional("PolicyName", Text),
    Parameter::optional("AttachRoleId", Text),
    Parameter::optional("AttachRoleName", Text),
];

const DETACH: &[Parameter] = &[
    Parameter::optional("PolicyId", Whole),
    Parameter::optional("PolicyName", Text),
    Parameter::optional("DetachRoleId", Text),
    Parameter::optional("DetachRoleName", Text),
];

const LIST_ATTACHED: &[Parameter] = &[
    ROLE[0],
    ROLE[1],
    Parameter::required("Page", Whole),
    Parameter::required("Rp", Whole),
    Parameter::optional("PolicyType", Text),
    Parameter::optional("Keyword", Text),
];

const ASSUME_ROLE: &[Parameter] = &[
    Parameter::required("RoleArn", Text),
    Parameter::required("RoleSessionName", Text),
    Parameter::optional("DurationSeconds", Whole),
    Parameter::optional("Policy", Text),
    Parameter::optional("ExternalId", Text),
    Parameter::optional("Tags", Objects),
    Parameter::optional("SourceIdentity", Text),
    Parameter::optional("SerialNumber", Text),
    Parameter::optional("TokenCode", Text),
];

const ASSUME_ROLE_WITH_WEB_IDENTITY: &[Parameter] = &[
    Parameter::required("ProviderId", Text),
    Parameter::required("WebIdentityToken", Text),
    Parameter::required("RoleArn", Text),
    Parameter::required("RoleSessionName", Text),
    Parameter::optional("DurationSeconds", Whole),
];

/// The actions that work on the account of `RoleArn`, whoever asks: apis/tencent.md §5.
#[rustfmt::skip]
pub(super) const ROLE_TAKING: &[Action] = &[
    Action { service: STS, name: "AssumeRole", parameters: ASSUME_ROLE, run: sts::assume_role },
    Action { service: STS, name: "AssumeRoleWithWebIdentity", parameters: ASSUME_ROLE_WITH_WEB_IDENTITY, run: sts::assume_role_with_web_identity },
];

/// Every action that works on the caller's own account.
#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    Action { service: CAM, name: "CreateUserOIDCConfig", parameters: USER_OIDC, run: user_sso::create_user_oidc },
    Action { service: CAM, name: "UpdateUserOIDCConfig", parameters: USER_OIDC, run: user_sso::update_user_oidc },
    Action { service: CAM, name: "DescribeUserOIDCConfig", parameters: &[], run: user_sso::describe_user_oidc },
    Action { service: CAM, name: "DisableUserSSO", parameters: &[], run: user_sso::disable_user_sso },
    Action { service: CAM, name: "CreateUserSAMLConfig", parameters: CREATE_USER_SAML, run: user_sso::create_user_saml },
    Action { service: CAM, name: "UpdateUserSAMLConfig", parameters: UPDATE_USER_SAML, run: user_sso::update_user_saml },
    Action { service: CAM, name: "DescribeUserSAMLConfig", parameters: &[], run: user_sso::describe_user_saml },
    Action { service: CAM, name: "CreateOIDCConfig", parameters: ROLE_OIDC, run: oidc_provider::create },
    Action { service: CAM, name: "UpdateOIDCConfig", parameters: ROLE_OIDC, run: oidc_provider::update },
    Action { service: CAM, name: "DescribeOIDCConfig", parameters: NAME, run: oidc_provider::describe },
    Action { service: CAM, name: "DeleteOIDCConfig", parameters: NAME, run: oidc_provider::delete },
    Action { service: CAM, name: "CreateSAMLProvider", parameters: CREATE_SAML_PROVIDER, run: saml_provider::create },
    Action { service: CAM, name: "UpdateSAMLProvider", parameters: UPDATE_SAML_PROVIDER, run: saml_provider::update },
    Action { service: CAM, name: "GetSAMLProvider", parameters: NAME, run: saml_provider::get },
    Action { service: CAM, name: "ListSAMLProviders", parameters: &[], run: saml_provider::list },
    Action { service: CAM, name: "DeleteSAMLProvider", parameters: NAME, run: saml_provider::delete },
    Action { service: CAM, name: "CreateRole", parameters: CREATE_ROLE, run: role::create },
    Action { service: CAM, name: "GetRole", parameters: ROLE, run: role::get },
    Action { service: CAM, name: "DescribeRoleList", parameters: LIST_ROLES, run: role::list },
    Action { service: CAM, name: "UpdateAssumeRolePolicy", parameters: UPDATE_TRUST, run: role::update_trust },
    Action { service: CAM, name: "UpdateRoleDescription", parameters: UPDATE_ROLE_DESCRIPTION, run: role::update_description },
    Action { service: CAM, name: "UpdateRoleConsoleLogin", parameters: UPDATE_CONSOLE_LOGIN, run: role::update_console_login },
    Action { service: CAM, name: "UpdateRoleSessionDuration", parameters: UPDATE_SESSION_DURATION, run: role::update_session_duration },
    Action { service: CAM, name: "TagRole", parameters: TAG_ROLE, run: role::tag },
    Action { service: CAM, name: "UntagRole", parameters: UNTAG_ROLE, run: role::untag },
    Action { service: CAM, name: "DeleteRole", parameters: ROLE, run: role::delete },
    Action { service: CAM, name: "AttachRolePolicy", parameters: ATTACH, run: role_policy::attach },
    Action { service: CAM, name: "DetachRolePolicy", parameters: DETACH, run: role_policy::detach },
    Action { service: CAM, name: "ListAttachedRolePolicies", parameters: LIST_ATTACHED, run: role_policy::list_attached },
    Action { service: CAM, name: "GetAccountSummary", parameters: &[], run: account::get_account_summary },
    Action { service: STS, name: "GetCallerIdentity", parameters: &[], run: account::get_caller_identity },
];
