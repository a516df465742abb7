//! The contract as a program that peers dial or launch.

fn main() -> std::process::ExitCode {
    pervade_shim::main(pervade_asset_transfer::chaincode())
}
