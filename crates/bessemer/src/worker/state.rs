//! Values that the jobs of a worker share, found by their type: a database pool, a client of another service. And what
//! jobs say that they need of them, which is checked when the worker starts and not when the first job fails.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;

use crate::job::args::short_name;
use crate::worker::Worker;

/// A type of value that a job takes from its worker, from [`Job::needs`](crate::Job::needs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    id: TypeId,
    name: &'static str,
}

impl Need {
    /// The need for a value of type `T`.
    pub fn of<T: Send + Sync + 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: type_name::<T>() }
    }

    /// The type's name without its path.
    pub(crate) fn short_name(&self) -> String {
        short_name(self.name)
    }
}

/// One value of each type.
#[derive(Default)]
pub(crate) struct States {
    values: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl States {
    pub(crate) fn put<T: Send + Sync + 'static>(&mut self, value: T) {
        self.values.insert(TypeId::of::<T>(), Box::new(value));
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>())?.downcast_ref()
    }

    pub(crate) fn meets(&self, need: &Need) -> bool {
        self.values.contains_key(&need.id)
    }
}

impl Worker {
    /// Gives the jobs of this worker a value, which they get back by its type: [`Context::state`](crate::Context::state).
    /// There is one of each type; the last call wins.
    pub fn state<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.setup.states.put(value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_value_of_each_type() {
        let mut states = States::default();
        states.put(7_u32);
        states.put("seven");
        states.put(8_u32);
        assert_eq!(
            (states.get::<u32>(), states.get::<&str>(), states.get::<u64>()),
            (Some(&8), Some(&"seven"), None)
        );
        assert!(states.meets(&Need::of::<u32>()) && !states.meets(&Need::of::<u64>()));
        assert_eq!(Need::of::<Vec<String>>().short_name(), "Vec<String>");
    }
}
