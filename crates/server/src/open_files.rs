//! The limit on open files, which is a limit on connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no client's: the store, the dashboard, the log.
const OTHERS: usize = 64;

/// Raises the soft limit as far as `connections` need it and the hard one allows. Gives the number of connections
/// that fit: fewer are served rather than none refused with a reason.
pub(crate) fn make_room(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = (connections + OTHERS) as u64;
    // `None` is no limit.
    let Some(soft) = limit.current.filter(|soft| *soft < wanted) else { return connections };
    let raised = limit.maximum.map_or(wanted, |hard| hard.min(wanted));
    let now = match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }) {
        Ok(()) => raised,
        Err(_) => soft,
    };
    let fit = usize::try_from(now).unwrap_or(connections).saturating_sub(OTHERS).min(connections);
    if fit < connections {
        tracing::warn!(
            "the limit on open files is {now}: serving {fit} connections at most, not {connections}"
        );
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_never_more_than_what_is_allowed() {
        assert_eq!(make_room(10), 10);
        let hard = getrlimit(Resource::Nofile).maximum;
        let all = make_room(usize::MAX / 4);
        assert!(hard.is_none_or(|hard| all as u64 + OTHERS as u64 <= hard), "{all} of {hard:?}");
        assert_eq!(getrlimit(Resource::Nofile).current, hard.or(getrlimit(Resource::Nofile).current));
    }
}
