use std::fmt;
use std::sync::Arc;

use pervade_ports::system::{SystemClock, SystemFiles, SystemRng, TokioSpawn};
use pervade_ports::{Clock, Rng, Spawn, Vfs};
use pervade_registrar::RegistrarPorts;

/// The world outside, as far as a network needs it.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub rng: Arc<dyn Rng>,
    /// Files.
    pub vfs: Arc<dyn Vfs>,
    /// Tasks.
    pub spawn: Arc<dyn Spawn>,
}

impl World {
    /// This machine, and the runtime that the caller runs on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            rng: Arc::new(SystemRng),
            vfs: Arc::new(SystemFiles),
            spawn: Arc::new(TokioSpawn::new(tokio::runtime::Handle::current())),
        }
    }

    pub(crate) fn registrar_ports(&self) -> RegistrarPorts {
        RegistrarPorts { clock: Arc::clone(&self.clock), rng: Arc::clone(&self.rng) }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
