//! Job types, each held once however many jobs have it.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Interned names with a count of their users; a name without users is forgotten.
#[derive(Debug, Default)]
pub(super) struct JobTypes {
    by_name: BTreeMap<Arc<str>, u32>,
    all: Vec<(Arc<str>, u32)>,
    free: Vec<u32>,
}

impl JobTypes {
    /// The number of a name, with one more user.
    pub(super) fn acquire(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.by_name.get(name) {
            self.all[number as usize].1 += 1;
            return number;
        }
        let name: Arc<str> = name.into();
        let number = self.free.pop().unwrap_or(self.all.len() as u32);
        match self.all.get_mut(number as usize) {
            Some(place) => *place = (name.clone(), 1),
            None => self.all.push((name.clone(), 1)),
        }
        self.by_name.insert(name, number);
        number
    }

    /// One user less.
    pub(super) fn release(&mut self, number: u32) {
        let (name, users) = &mut self.all[number as usize];
        *users -= 1;
        if *users == 0 {
            self.by_name.remove(name);
            self.free.push(number);
        }
    }

    /// The name of a number that has users.
    pub(super) fn name(&self, number: u32) -> &Arc<str> {
        &self.all[number as usize].0
    }

    /// Users of all names.
    pub(super) fn users(&self) -> usize {
        self.by_name.values().map(|n| self.all[*n as usize].1 as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::JobTypes;

    #[test]
    fn a_name_without_users_is_forgotten_and_its_number_reused() {
        let mut types = JobTypes::default();
        let (a, b) = (types.acquire("A"), types.acquire("B"));
        assert_eq!((types.acquire("A"), &**types.name(a), types.users()), (a, "A", 3));
        types.release(a);
        types.release(a);
        assert_eq!((types.acquire("C"), &**types.name(a), &**types.name(b), types.users()), (a, "C", "B", 2));
    }
}
