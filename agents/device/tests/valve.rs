//! The valve that is shipped as an example, moved by a device's handler.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::fs;
use std::path::{Path, PathBuf};

use pervade_device::{Handler as _, Order, Program};

/// W-04, W-71: the actuator moves as the order says, and once for an order that is given twice.
#[tokio::test]
async fn a_valve_moves_once_for_an_order() {
    let folder = tempfile::tempdir().unwrap();
    let position = || fs::read_to_string(folder.path().join("position")).unwrap();
    assert_eq!(moved(folder.path(), "a1", 40).await, "the valve is open by 40 %");
    assert_eq!(position(), "40");
    assert_eq!(moved(folder.path(), "b2", 70).await, "the valve is open by 70 %");
    // The first order again: it is told what came of it, and the valve stays.
    assert_eq!(moved(folder.path(), "a1", 40).await, "the valve is open by 40 %");
    assert_eq!(position(), "70");
}

async fn moved(folder: &Path, task: &str, percent: i64) -> String {
    let parameters = format!(r#"{{"percent":{percent}}}"#);
    let order = Order::new(task.to_owned(), "valve".to_owned(), parameters);
    let product = Program::new(valve()).with_argument(folder).handle(&order).await.unwrap();
    assert_eq!(product.readings.get("percent"), Some(&percent), "as it was told");
    String::from_utf8(product.file).unwrap()
}

/// Where Cargo puts the examples of this package when it builds its tests.
fn valve() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/valve")
}
