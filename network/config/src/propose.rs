//! What a configuration may become: the orderer's decision on an update, and the committer's check
//! that it was decided rightly.

use fabric_protos::{
    common::{
        Config, ConfigEnvelope, ConfigUpdate, ConfigUpdateEnvelope, Envelope, HeaderType,
        SignatureHeader,
    },
    id::{ChannelId, MspId},
};
use pervade_identity::{
    Identity,
    policy::{PolicyUnmet, SIGNATURES_MAX, SignedData, verified_identities},
};
use thiserror::Error;

use crate::{
    channel::{ChannelConfig, ConfigError},
    contents::Organization,
    elements::{self, Element, ElementError, ElementPath, Elements, is_name},
    wrapping::{self, WrappingError},
};

/// An update that is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// It is not wrapped as an update.
    #[error("this is not a configuration update")]
    Wrapping(#[from] WrappingError),
    /// It is for another channel.
    #[error("the update is for channel {named:?}, not for {channel}")]
    Channel {
        /// The channel that the update names.
        named: String,
        /// The channel of this configuration.
        channel: ChannelId,
    },
    /// One of its sets is not a tree of named elements.
    #[error("the {set} set is not well formed")]
    Set {
        /// `read` or `write`.
        set: &'static str,
        /// Why.
        #[source]
        source: ElementError,
    },
    /// There are more than [`SIGNATURES_MAX`] signatures.
    #[error("{found} signatures are too many")]
    Signatures {
        /// How many there are.
        found: usize,
    },
    /// It changes nothing.
    #[error("the update changes nothing")]
    Nothing,
    /// An element refuses it.
    #[error("{element} refuses the update")]
    Element {
        /// Which one.
        element: ElementPath,
        /// Why.
        #[source]
        reason: ElementRefusal,
    },
    /// The configuration that would result is not a good one.
    #[error("the resulting configuration is not valid")]
    Result(#[source] ConfigError),
    /// The configuration that would result may not follow this one.
    #[error("the resulting configuration may not follow this one")]
    Transition(#[source] ForbiddenTransition),
}

/// Why an element refuses an update.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ElementRefusal {
    /// The read set names it, but it does not exist.
    #[error("it is in the read set but does not exist")]
    Unknown,
    /// The read set has another version than the configuration: the update was made for another
    /// one.
    #[error("the update was made for version {read}, the present one is {present}")]
    Stale {
        /// The version in the read set.
        read: u64,
        /// The version in force.
        present: u64,
    },
    /// It is new, but its version is not 0.
    #[error("it does not exist yet, so its version must be 0, not {proposed}")]
    NewVersion {
        /// The version proposed.
        proposed: u64,
    },
    /// It changes, but its version is not one more than the present one.
    #[error("its version {present} must be followed by the next one, not by {proposed}")]
    Version {
        /// The version in force.
        present: u64,
        /// The version proposed.
        proposed: u64,
    },
    /// The name of the policy that shall guard it is missing or not allowed.
    #[error("{mod_policy:?} is not allowed as the policy that guards it")]
    ModPolicy {
        /// The name.
        mod_policy: String,
    },
    /// The signatures do not satisfy the policy that guards it.
    #[error("the policy {mod_policy:?} that guards it is not satisfied")]
    Unauthorized {
        /// The policy's name, as the element has it.
        mod_policy: String,
        /// Why.
        #[source]
        source: PolicyUnmet,
    },
}

/// A configuration that is good in itself but may not follow the one in force.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ForbiddenTransition {
    /// An organisation would change its MSP identifier.
    #[error("the organisation {name} would change its identifier from {from} to {to}")]
    MspId {
        /// The name of its group.
        name: String,
        /// The identifier in force.
        from: MspId,
        /// The identifier proposed.
        to: MspId,
    },
}

/// A configuration that did not follow from the one in force.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NextConfigError {
    /// Its sequence is not the next one.
    #[error("the configuration in force has sequence {present}, this one {found}")]
    Sequence {
        /// The sequence in force.
        present: u64,
        /// The sequence found.
        found: u64,
    },
    /// A part is absent.
    #[error("there is no {part}")]
    Missing {
        /// Which part.
        part: &'static str,
    },
    /// The update that it claims to come from is refused.
    #[error("its update is refused")]
    Update(#[source] UpdateError),
    /// Its update leads to another configuration.
    #[error("its update leads to another configuration")]
    Different,
}

impl ChannelConfig {
    /// Decides on a `CONFIG_UPDATE` envelope: the configuration that it leads to, with the envelope
    /// in it, ready to be ordered. The signature on the envelope itself is not looked at; whether
    /// its sender may send is the orderer's question.
    ///
    /// # Errors
    /// If any rule refuses the update; nothing changes then.
    pub fn propose_update(&self, envelope: &Envelope) -> Result<ConfigEnvelope, UpdateError> {
        let next = self.next(envelope)?;
        Ok(ConfigEnvelope {
            config: Some(next.config().clone()),
            last_update: Some(envelope.clone()),
        })
    }

    /// Checks that the content of an ordered CONFIG envelope is what its update leads to, and
    /// returns it as the configuration from now on.
    ///
    /// # Errors
    /// If it is not.
    pub fn validate_next(&self, content: &ConfigEnvelope) -> Result<Self, NextConfigError> {
        let missing = |part| NextConfigError::Missing { part };
        let config = content.config.as_ref().ok_or_else(|| missing("configuration"))?;
        let present = self.sequence();
        if present.checked_add(1) != Some(config.sequence) {
            return Err(NextConfigError::Sequence { present, found: config.sequence });
        }
        let update = content.last_update.as_ref().ok_or_else(|| missing("update"))?;
        let next = self.next(update).map_err(NextConfigError::Update)?;
        if next.config().channel_group != config.channel_group {
            return Err(NextConfigError::Different);
        }
        Ok(next)
    }

    fn next(&self, envelope: &Envelope) -> Result<Self, UpdateError> {
        let (_, update) = wrapping::open(envelope, HeaderType::ConfigUpdate)?;
        let config = self.apply_update(&update)?;
        let channel = self.channel_id().clone();
        let next = Self::new(channel, config).map_err(UpdateError::Result)?;
        self.may_become(&next).map_err(UpdateError::Transition)?;
        Ok(next)
    }

    /// The configuration that an update leads to, by the rules for elements alone: versions,
    /// guarding policies, signatures. Whether what results is any good is not looked at;
    /// [`propose_update`](Self::propose_update) does.
    ///
    /// # Errors
    /// If an element refuses the update, or it cannot be read.
    pub fn apply_update(&self, update: &ConfigUpdateEnvelope) -> Result<Config, UpdateError> {
        let content: ConfigUpdate = wrapping::decode("update", &update.config_update)?;
        if content.channel_id != self.channel_id().as_str() {
            let channel = self.channel_id().clone();
            return Err(UpdateError::Channel { named: content.channel_id, channel });
        }
        let set = |set| move |source| UpdateError::Set { set, source };
        let mut elements =
            elements::flatten(self.config().channel_group.as_ref()).map_err(set("present"))?;
        let read = elements::flatten(content.read_set.as_ref()).map_err(set("read"))?;
        let write = elements::flatten(content.write_set.as_ref()).map_err(set("write"))?;
        check_read_set(&elements, &read)?;
        let changed: Elements<'_> =
            write.into_iter().filter(|(path, element)| is_change(&read, path, element)).collect();
        if changed.is_empty() {
            return Err(UpdateError::Nothing);
        }
        self.check_changes(&elements, &changed, &signers(self, update)?)?;
        elements.extend(changed);
        let channel_group = elements::assemble(&elements);
        Ok(Config { sequence: self.sequence().wrapping_add(1), channel_group })
    }

    fn check_changes(
        &self,
        present: &Elements<'_>,
        changed: &Elements<'_>,
        signers: &[Identity],
    ) -> Result<(), UpdateError> {
        for (path, element) in changed {
            self.check_change(path, present.get(path), element, signers)
                .map_err(|reason| UpdateError::Element { element: path.clone(), reason })?;
        }
        Ok(())
    }

    fn check_change(
        &self,
        path: &ElementPath,
        present: Option<&Element<'_>>,
        proposed: &Element<'_>,
        signers: &[Identity],
    ) -> Result<(), ElementRefusal> {
        let mod_policy = proposed.mod_policy();
        if !is_mod_policy(mod_policy) {
            return Err(ElementRefusal::ModPolicy { mod_policy: mod_policy.to_owned() });
        }
        let proposed = proposed.version();
        let Some(present) = present else {
            let new = proposed == 0;
            return new.then_some(()).ok_or(ElementRefusal::NewVersion { proposed });
        };
        if present.version().checked_add(1) != Some(proposed) {
            return Err(ElementRefusal::Version { present: present.version(), proposed });
        }
        let mod_policy = present.mod_policy();
        self.authorize(path, mod_policy, signers).map_err(|source| ElementRefusal::Unauthorized {
            mod_policy: mod_policy.to_owned(),
            source,
        })
    }

    /// A policy's name without a leading slash is looked up beside the element that it guards.
    fn authorize(
        &self,
        path: &ElementPath,
        mod_policy: &str,
        signers: &[Identity],
    ) -> Result<(), PolicyUnmet> {
        if mod_policy.starts_with('/') {
            return self.evaluate_identities(mod_policy, signers);
        }
        let group = self.policies().group(path.policy_group());
        let (group, policy) = group
            .and_then(|group| group.relative(mod_policy))
            .ok_or_else(|| PolicyUnmet::NoSuchPolicy { path: mod_policy.to_owned() })?;
        group.evaluate(policy, self.membership(), signers)
    }

    fn may_become(&self, next: &Self) -> Result<(), ForbiddenTransition> {
        keep_identifiers(self.orderer_organizations(), next.orderer_organizations())?;
        keep_identifiers(self.application_organizations(), next.application_organizations())
    }
}

fn check_read_set(present: &Elements<'_>, read: &Elements<'_>) -> Result<(), UpdateError> {
    for (path, element) in read {
        let read = element.version();
        let reason = match present.get(path).map(Element::version) {
            Some(version) if version == read => continue,
            Some(present) => ElementRefusal::Stale { read, present },
            None => ElementRefusal::Unknown,
        };
        return Err(UpdateError::Element { element: path.clone(), reason });
    }
    Ok(())
}

/// What the write set repeats from the read set stays as it is.
fn is_change(read: &Elements<'_>, path: &ElementPath, element: &Element<'_>) -> bool {
    read.get(path).is_none_or(|read| read.version() != element.version())
}

fn is_mod_policy(name: &str) -> bool {
    name.strip_prefix('/').unwrap_or(name).split('/').all(is_name)
}

/// Who validly signed the update: each signature is over its own header and the update's bytes.
fn signers(
    config: &ChannelConfig,
    update: &ConfigUpdateEnvelope,
) -> Result<Vec<Identity>, UpdateError> {
    let found = update.signatures.len();
    if found > SIGNATURES_MAX {
        return Err(UpdateError::Signatures { found });
    }
    let mut signed = Vec::new();
    for signature in &update.signatures {
        let header: SignatureHeader =
            wrapping::decode("signature header", &signature.signature_header)?;
        let data = [signature.signature_header.as_slice(), &update.config_update].concat();
        signed.push((data, header.creator, signature.signature.as_slice()));
    }
    let signed: Vec<_> = signed
        .iter()
        .map(|(data, identity, signature)| SignedData { data, identity, signature })
        .collect();
    Ok(verified_identities(config.membership(), &signed))
}

fn keep_identifiers(
    present: &[Organization],
    next: &[Organization],
) -> Result<(), ForbiddenTransition> {
    for from in present {
        let to = next.iter().find(|to| to.name == from.name);
        if let Some(to) = to.filter(|to| to.msp_id != from.msp_id) {
            return Err(ForbiddenTransition::MspId {
                name: from.name.clone(),
                from: from.msp_id.clone(),
                to: to.msp_id.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fabric_protos::{
        Message,
        common::{
            Capabilities, Config, ConfigEnvelope, ConfigPolicy, ConfigUpdate, ConfigUpdateEnvelope,
            ConfigValue, Policy,
        },
        orderer::{BatchSize, BatchTimeout},
        protos::{AcLs, AnchorPeer, AnchorPeers},
    };

    use crate::{
        ChannelConfig, elements,
        testing::{Consortium, chain, group},
        update,
    };

    /// `B-35`: a configuration changes only by a transaction with the approvals that its policies
    /// ask for.
    #[test]
    fn who_may_change_what() {
        let faster = |config: &mut Config| timeout(config, "100ms");
        let consortium = Consortium::new();
        let check = |signers, change: &dyn Fn(&mut Config), expected| {
            check(&consortium, signers, change, expected);
        };
        check("Orderer.admin", &faster, "[Value]  /Channel/Orderer/BatchTimeout 1");
        check(
            "Org1.admin Org2.admin",
            &faster,
            "[Value]  /Channel/Orderer/BatchTimeout refuses the update: \
             the policy \"Admins\" that guards it is not satisfied: \
             0 of the Admins policies are met, but 1 are needed",
        );
        check(
            "Org1.admin Org2.admin",
            &|config| acl(config, "Readers"),
            "[Group]  /Channel/Application 1, [Value]  /Channel/Application/ACLs 0",
        );
        check(
            "Org1.admin",
            &|config| acl(config, "Readers"),
            "[Group]  /Channel/Application refuses the update: \
             the policy \"Admins\" that guards it is not satisfied: \
             1 of the Admins policies are met, but 2 are needed",
        );
        check(
            "Org1.admin Org1.admin Org1.client Org2.client",
            &|config| acl(config, "Readers"),
            "[Group]  /Channel/Application refuses the update: \
             the policy \"Admins\" that guards it is not satisfied: \
             1 of the Admins policies are met, but 2 are needed",
        );
        check(
            "Org1.admin",
            &|config| anchor(config, 7051),
            "[Group]  /Channel/Application/Org1 1, \
             [Value]  /Channel/Application/Org1/AnchorPeers 0",
        );
        check(
            "Org2.admin",
            &|config| anchor(config, 7051),
            "[Group]  /Channel/Application/Org1 refuses the update: \
             the policy \"Admins\" that guards it is not satisfied: \
             the signers do not satisfy the policy",
        );
        check(
            "Org1.admin Org2.admin",
            &|config| remove(config, "Org2"),
            "[Group]  /Channel/Application 1",
        );
    }

    #[test]
    fn what_a_configuration_may_not_become() {
        let consortium = Consortium::new();
        let everyone = "Orderer.admin Org1.admin Org2.admin";
        let check = |change: &dyn Fn(&mut Config), expected| {
            check(&consortium, everyone, change, expected);
        };
        check(
            &|config| timeout(config, "0s"),
            "the resulting configuration is not valid: \
             [Value]  /Channel/Orderer/BatchTimeout is wrong: timeout is 0, which is out of range",
        );
        check(
            &|config| {
                let size = BatchSize {
                    max_message_count: 1,
                    absolute_max_bytes: 5,
                    preferred_max_bytes: 6,
                };
                set(config, "Orderer", "BatchSize", &size);
            },
            "the resulting configuration is not valid: [Value]  /Channel/Orderer/BatchSize \
             is wrong: preferred_max_bytes is 6, which is out of range",
        );
        check(
            &|config| {
                let v9 = [("V9".to_owned(), Default::default())].into();
                set(config, "Application", "Capabilities", &Capabilities { capabilities: v9 });
            },
            "the resulting configuration is not valid: the configuration asks too much: \
             the application capability \"V9\" is required but not supported",
        );
        check(
            &|config| set(config, "Application/Org1", "Colour", &BatchTimeout::default()),
            "the resulting configuration is not valid: \
             [Value]  /Channel/Application/Org1/Colour is wrong: no such value is known",
        );
        check(
            &|config| set(config, "Application/Org1", "MSP", &consortium.msp("Orderer")),
            "the resulting configuration may not follow this one: \
             the organisation Org1 would change its identifier from Org1MSP to OrdererMSP",
        );
        check(
            &|config| group(config, "Application/Org1").mod_policy.clear(),
            "[Group]  /Channel/Application/Org1 refuses the update: \
             \"\" is not allowed as the policy that guards it",
        );
        check(
            &|config| {
                let odd = group(config, "Application").policies["Readers"].clone();
                group(config, "Application").policies.insert("Odd/Name".to_owned(), odd);
            },
            "no update: the desired configuration cannot be read: \
             \"Odd/Name\" in /Channel/Application is not allowed as a name",
        );
        check(
            &|config| {
                let policy = Some(Policy { r#type: 2, value: Vec::new() });
                let mod_policy = "Admins".to_owned();
                let odd = ConfigPolicy { version: 0, policy, mod_policy };
                group(config, "Application").policies.insert("Odd".to_owned(), odd);
            },
            "the resulting configuration is not valid: \
             [Policy] /Channel/Application/Odd is wrong: its type 2 is not known",
        );
        check(&|_| (), "no update: the configurations do not differ");
    }

    /// Writes what an authorised update leads to, or why it is refused.
    fn check(consortium: &Consortium, signers: &str, change: &dyn Fn(&mut Config), expected: &str) {
        let config = consortium.config();
        let mut desired = config.config().clone();
        change(&mut desired);
        let found = match update::compute(config.config(), &desired, &consortium.channel) {
            Err(error) => format!("no update: {}", chain(&error)),
            Ok(content) => match config.propose_update(&consortium.signed(&content, signers)) {
                Err(error) => chain(&error),
                Ok(next) => {
                    config.validate_next(&next).unwrap();
                    changes(&config, next.config.as_ref().unwrap())
                }
            },
        };
        assert_eq!(found, expected, "signed by {signers}");
    }

    /// The elements that differ, with their new versions.
    fn changes(config: &ChannelConfig, next: &Config) -> String {
        assert_eq!(next.sequence, config.sequence() + 1, "the next sequence");
        let present = elements::flatten(config.config().channel_group.as_ref()).unwrap();
        let next = elements::flatten(next.channel_group.as_ref()).unwrap();
        let changed = next.iter().filter(|(path, element)| {
            present.get(*path).is_none_or(|present| present.version() != element.version())
        });
        let changed = changed.map(|(path, element)| format!("{path} {}", element.version()));
        changed.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn updates_that_do_not_fit_the_present_configuration() {
        let check = |change: &dyn Fn(&mut ConfigUpdate), expected| {
            let consortium = Consortium::new();
            let config = consortium.config();
            let mut desired = config.config().clone();
            anchor(&mut desired, 7051);
            let mut content =
                update::compute(config.config(), &desired, &consortium.channel).unwrap();
            change(&mut content);
            let envelope = consortium.signed(&content, "Org1.admin Org2.admin");
            let found = config.propose_update(&envelope).map_err(|error| chain(&error));
            assert_eq!(found.err().as_deref(), Some(expected));
        };
        check(
            &|update| update.channel_id = "other".to_owned(),
            "the update is for channel \"other\", not for mychannel",
        );
        check(
            &|update| update.read_set.as_mut().unwrap().version = 1,
            "[Group]  /Channel refuses the update: \
             the update was made for version 1, the present one is 0",
        );
        check(
            &|update| {
                let read = update.read_set.as_mut().unwrap();
                read.values.insert("Absent".to_owned(), ConfigValue::default());
            },
            "[Value]  /Channel/Absent refuses the update: it is in the read set but does not exist",
        );
        check(
            &|update| org1(update).version = 2,
            "[Group]  /Channel/Application/Org1 refuses the update: \
             its version 0 must be followed by the next one, not by 2",
        );
        check(
            &|update| org1(update).values.get_mut("AnchorPeers").unwrap().version = 1,
            "[Value]  /Channel/Application/Org1/AnchorPeers refuses the update: \
             it does not exist yet, so its version must be 0, not 1",
        );
        check(
            &|update| update.write_set.clone_from(&update.read_set),
            "the update changes nothing",
        );
        check(
            &|update| org1(update).mod_policy = "a b".to_owned(),
            "[Group]  /Channel/Application/Org1 refuses the update: \
             \"a b\" is not allowed as the policy that guards it",
        );
        check(
            &|update| {
                let mut deep = org1(update).clone();
                for _ in 0..elements::GROUP_DEPTH_MAX {
                    let inner = [("inner".to_owned(), deep)].into();
                    deep =
                        fabric_protos::common::ConfigGroup { groups: inner, ..Default::default() };
                }
                *org1(update) = deep;
            },
            "the write set is not well formed: /Channel/Application/Org1/inner/inner/inner/inner/\
             inner/inner/inner/inner/inner/inner/inner/inner/inner/inner is nested too deeply",
        );
    }

    fn org1(update: &mut ConfigUpdate) -> &mut fabric_protos::common::ConfigGroup {
        let application = update.write_set.as_mut().unwrap().groups.get_mut("Application");
        application.unwrap().groups.get_mut("Org1").unwrap()
    }

    #[test]
    fn a_signature_counts_for_its_own_update_only() {
        let consortium = Consortium::new();
        let config = consortium.config();
        let mut desired = config.config().clone();
        anchor(&mut desired, 7051);
        let config_update = update::compute(config.config(), &desired, &consortium.channel)
            .unwrap()
            .encode_to_vec();
        let signer = consortium.signer("Org1.admin");
        let other = update::sign(b"another update", signer, &[1; 24]).unwrap();
        let envelope =
            consortium.envelope(&ConfigUpdateEnvelope { config_update, signatures: vec![other] });
        let error = config.propose_update(&envelope).unwrap_err();
        assert!(chain(&error).ends_with("the signers do not satisfy the policy"), "{error}");
    }

    #[test]
    fn the_committer_recomputes() {
        let check = |change: &dyn Fn(&mut ConfigEnvelope), expected: &str| {
            let consortium = Consortium::new();
            let config = consortium.config();
            let mut desired = config.config().clone();
            anchor(&mut desired, 7051);
            let envelope = consortium.update(config.config(), &desired, "Org1.admin");
            let mut next = config.propose_update(&envelope).unwrap();
            change(&mut next);
            let found = config.validate_next(&next).map_err(|error| chain(&error));
            let found = found.map(|next| format!("sequence {}", next.sequence()));
            assert_eq!(found.unwrap_or_else(|error| error), expected);
        };
        check(&|_| (), "sequence 1");
        check(
            &|next| next.config.as_mut().unwrap().sequence = 2,
            "the configuration in force has sequence 0, this one 2",
        );
        check(&|next| next.config = None, "there is no configuration");
        check(&|next| next.last_update = None, "there is no update");
        check(
            &|next| anchor(next.config.as_mut().unwrap(), 7052),
            "its update leads to another configuration",
        );
        check(
            &|next| next.last_update.as_mut().unwrap().payload.clear(),
            "its update is refused: this is not a configuration update: there is no header",
        );
    }

    fn set(config: &mut Config, path: &str, name: &str, value: &impl Message) {
        let value = value.encode_to_vec();
        let mod_policy = "Admins".to_owned();
        let value = ConfigValue { version: 0, value, mod_policy };
        group(config, path).values.insert(name.to_owned(), value);
    }

    fn timeout(config: &mut Config, timeout: &str) {
        set(config, "Orderer", "BatchTimeout", &BatchTimeout { timeout: timeout.to_owned() });
    }

    fn acl(config: &mut Config, policy: &str) {
        let rule = fabric_protos::protos::ApiResource { policy_ref: policy.to_owned() };
        let acls = [("qscc/GetChainInfo".to_owned(), rule)].into();
        set(config, "Application", "ACLs", &AcLs { acls });
    }

    fn anchor(config: &mut Config, port: i32) {
        let anchor_peers = vec![AnchorPeer { host: "peer0".to_owned(), port }];
        set(config, "Application/Org1", "AnchorPeers", &AnchorPeers { anchor_peers });
    }

    fn remove(config: &mut Config, organization: &str) {
        group(config, "Application").groups.remove(organization);
    }
}
