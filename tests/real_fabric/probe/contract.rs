//! A contract that asks of a peer what the examples do not.

use pervade_chaincode::{
    Chaincode, ChaincodeName, LedgerError, ReadTransaction, Transaction, contract,
};

/// Writes more than fit into one batch, reads many keys at once, pages, and queries.
#[derive(Debug)]
pub(crate) struct Probe;

#[contract(name = "probe", default)]
impl Probe {
    #[submit]
    async fn fill(&self, tx: &mut Transaction, count: u32) -> Result<(), LedgerError> {
        for number in 0..count {
            tx.put(format!("k{number:04}"), number.to_string().into_bytes()).await?;
        }
        tx.set_event("filled", count.to_string().into_bytes())
    }

    /// The sum of the values of keys, read together; the keys after the first are then deleted.
    #[submit]
    async fn sum(&self, tx: &mut Transaction, count: u32) -> Result<u64, LedgerError> {
        let keys: Vec<String> = (0..count).map(|number| format!("k{number:04}")).collect();
        let values = tx.get_many(&keys).await?;
        for key in keys.iter().skip(1) {
            tx.delete(key).await?;
        }
        Ok(values.into_iter().flatten().map(number).sum())
    }

    #[submit]
    async fn count(&self, tx: &mut Transaction, start: String) -> Result<u64, LedgerError> {
        let mut range = tx.range(&start, "")?;
        let mut count = 0_u64;
        while range.next().await?.is_some() {
            count = count.saturating_add(1);
        }
        tx.put("count", count.to_string().into_bytes()).await?;
        Ok(count)
    }

    #[evaluate]
    async fn page(
        &self,
        tx: &mut ReadTransaction,
        size: u32,
        bookmark: String,
    ) -> Result<String, LedgerError> {
        let page = tx.range_page("", "", size, &bookmark).await?;
        let keys: Vec<_> = page.entries.into_iter().map(|entry| entry.key).collect();
        Ok(format!("{} until {}", keys.join(" "), page.bookmark))
    }

    #[evaluate]
    async fn past(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        let mut past = tx.history(key)?;
        let mut values = Vec::new();
        while let Some(change) = past.next().await? {
            values.push(change.value.map_or_else(
                || "deleted".to_owned(),
                |value| String::from_utf8_lossy(&value).into_owned(),
            ));
        }
        Ok(values.join(", "))
    }

    #[evaluate]
    async fn select(&self, tx: &ReadTransaction) -> Result<String, LedgerError> {
        let mut selected = tx.query(r#"{"selector":{"owner":"ann"}}"#);
        let first = selected.next().await?;
        Ok(first.map(|entry| entry.key).unwrap_or_default())
    }
}

fn number(value: Vec<u8>) -> u64 {
    String::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The chaincode, as the channel knows it.
#[expect(clippy::expect_used, reason = "the name is one")]
pub(crate) fn chaincode() -> Chaincode {
    Chaincode::new(ChaincodeName::new("probe").expect("a name")).with(Probe)
}
