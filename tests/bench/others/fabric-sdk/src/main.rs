//! The three functions that the bench measures, on the `fabric-sdk` crate.

use fabric_sdk::prelude::*;

#[transaction]
pub async fn noop(_ctx: Context) {}

#[transaction]
pub async fn get_put(ctx: Context, key: String, value: String) {
    ctx.get_state(&key).await;
    ctx.put_state(&key, value.into_bytes()).await;
}

#[transaction]
pub async fn hundred_puts(ctx: Context, prefix: String, value: String) {
    for number in 0..100 {
        ctx.put_state(&format!("{prefix}{number}"), value.clone().into_bytes()).await;
    }
}

fn main() {
    fabric_sdk::chaincode::initialize()
        .register("", functions![noop, get_put, hundred_puts])
        .launch();
}
