//! The probe as a program that peers dial or launch.

mod contract;

fn main() -> std::process::ExitCode {
    pervade_shim::main(contract::chaincode())
}
