//! What an application links: gateway, events, commit status.
