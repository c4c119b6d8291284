//! What becomes of a job whose worker is lost (`D4`, `G11`).

use crate::fact::OnLost;
use crate::limits::Rules;
use crate::time::Wall;

/// Where the job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Back to the head of its queue, no retry spent.
    Requeue,
    /// Stays reserved until its reservation expires.
    Wait,
    /// Gone: with `retry: 0` it is delivered at most once.
    Discard,
    /// To the dead set. `poison`: because it was lost too often.
    Die { poison: bool },
}

/// Decides about one job. `losses`: when it was lost before, through workers that were not on their way out;
/// `blamed`: whether this loss counts.
pub(crate) fn lost(
    rules: &Rules,
    retry: i16,
    on_lost: Option<OnLost>,
    losses: &[Wall],
    blamed: bool,
    now: Wall,
) -> Verdict {
    let recent = losses.iter().filter(|at| now.since(**at) <= rules.lost_worker_window).count();
    let poison = blamed && recent + 1 >= rules.max_lost_workers as usize;
    match (retry, on_lost.unwrap_or(rules.on_lost)) {
        (_, OnLost::Wait) => Verdict::Wait,
        (0, _) => Verdict::Discard,
        (..=-1, _) | (_, OnLost::Dead) => Verdict::Die { poison: false },
        (_, OnLost::Requeue) if poison => Verdict::Die { poison: true },
        (_, OnLost::Requeue) => Verdict::Requeue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdicts_of_d4() {
        let rules = Rules::default();
        let day = 86_400_000_000;
        let now = Wall(100 * day);
        let recent = [Wall(99 * day), Wall(98 * day)];
        let old = [Wall(90 * day), Wall(99 * day)];
        for (retry, on_lost, losses, blamed, verdict) in [
            (25, None, &[][..], true, Verdict::Requeue),
            (25, None, &recent, true, Verdict::Die { poison: true }),
            (25, None, &recent, false, Verdict::Requeue),
            (25, None, &old, true, Verdict::Requeue),
            (25, Some(OnLost::Wait), &recent, true, Verdict::Wait),
            (25, Some(OnLost::Dead), &[], false, Verdict::Die { poison: false }),
            (0, None, &[], true, Verdict::Discard),
            (-1, None, &[], true, Verdict::Die { poison: false }),
        ] {
            assert_eq!(lost(&rules, retry, on_lost, losses, blamed, now), verdict, "{retry} {on_lost:?}");
        }
    }
}
