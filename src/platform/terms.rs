//! The terms of all five.

use std::fmt;

use pervade_clock::rules::Terms as ClockTerms;
use pervade_devices::record::DeviceTerms;
use pervade_platform::{Amount, AmountError};
use pervade_tasks::record::TaskTerms;
use pervade_tokens::record::{FeeTo, TokenTerms};
use pervade_users::record::UserTerms;
use serde::{Deserialize, Serialize};

use crate::connect::Known;
use crate::failure::{Failure, OrFail as _};

/// The terms of all five.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllTerms {
    pub(super) clock: ClockTerms,
    pub(super) devices: DeviceTerms,
    pub(super) tasks: TaskTerms,
    pub(super) tokens: TokenTerms,
    pub(super) users: UserTerms,
}

impl AllTerms {
    /// Those that do for a beginning; the first organisation is the bank.
    pub(super) fn usual(known: &Known) -> Result<Self, Failure> {
        let bank = known.organizations().first().ok_or_else(|| {
            Failure::new("NO_ORGANIZATION", "the network has no organisation to be the bank")
        })?;
        with_bank(bank.msp_id.as_str()).or_fail("INTERNAL", "the usual terms are none")
    }
}

/// People get JSON too, which they may change and bind.
impl fmt::Display for AllTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string_pretty(self).map_err(|_| fmt::Error)?)
    }
}

fn with_bank(bank: &str) -> Result<AllTerms, AmountError> {
    Ok(AllTerms {
        clock: ClockTerms::USUAL,
        devices: DeviceTerms {
            backlog: 4,
            deposit: Amount::whole(5)?,
            fault_limit: 3,
            fault_window: 100,
            slash: Amount::whole(2)?,
        },
        tasks: TaskTerms {
            decline_forfeit_permille: 100,
            decline_window: 3,
            fee: Amount::whole(1)?,
            keeper_fee: Amount::new(50_000)?,
            limit_max: TaskTerms::LIMIT_MAX,
            reward_min: Amount::whole(1)?,
            window_min: 2,
        },
        tokens: TokenTerms {
            bank: bank.to_owned(),
            cap: Amount::whole(1_000_000)?,
            fee_to: FeeTo::Stock,
            price: Amount::whole(2)?,
            symbol: "PVD".to_owned(),
        },
        users: UserTerms::USUAL,
    })
}
