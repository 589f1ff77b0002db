//! The SDK against real servers on this machine.
