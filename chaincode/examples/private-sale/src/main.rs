//! The contract as a program that peers dial or launch.

fn main() -> std::process::ExitCode {
    pervade_shim::main(pervade_private_sale::chaincode())
}
