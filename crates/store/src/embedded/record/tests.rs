//! What is written is what is read.

use proptest::prelude::*;

use super::*;

const FAMILIES: [Family; 13] = [
    Family::Counters,
    Family::Day,
    Family::Queue,
    Family::Recent,
    Family::Statistic,
    Family::Mark,
    Family::Token,
    Family::Audit,
    Family::Batch,
    Family::Unique,
    Family::Track,
    Family::Throttle,
    Family::Cron,
];

/// What a fact of any kind may be made of.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    which: u8,
    words: [u64; 4],
    walls: [i64; 4],
    small: [u8; 4],
    retry: i16,
    counts: (u32, i32),
    flags: [bool; 3],
    names: [String; 4],
    text: Vec<u8>,
}

impl Parts {
    fn terms(&self) -> Terms<'_> {
        let [bid, other, ..] = self.names.each_ref().map(String::as_str);
        let release = [Release::Success, Release::Start, Release::Expiry];
        let callback = [Callback::Success, Callback::Complete, Callback::Death];
        let which = usize::from(self.small[2] % 3);
        Terms {
            unique: self.flags[1].then_some(Unique {
                key: u128::from(self.words[3]) << 64 | u128::from(self.words[2]),
                until: Wall(self.walls[3]),
                release: release[which],
            }),
            expires: self.flags[2].then_some(Wall(self.walls[2])),
            batch: Some(bid).filter(|bid| self.flags[0] && !bid.is_empty()),
            callback: self.flags[1].then_some((other, callback[which])),
            cron: Some(other).filter(|id| self.flags[2] && !id.is_empty()),
            tracked: self.flags[2],
        }
    }

    fn standing(&self) -> Standing<'_> {
        let wid = self.names[3].as_str();
        match self.small[0] % 6 {
            0 => Standing::Queued { since: Wall(self.walls[1]) },
            1 => Standing::Scheduled { at: Wall(self.walls[1]) },
            2 => Standing::Retrying { at: Wall(self.walls[1]) },
            3 => Standing::Dead { until: Wall(self.walls[1]) },
            4 => {
                let (until, then) = (Wall(self.walls[1]), Wall(self.walls[2]));
                let was = [
                    Stood::Queued { since: then },
                    Stood::Scheduled { at: then },
                    Stood::Retrying { at: then },
                    Stood::Dead { until: then },
                ][usize::from(self.small[2] % 4)];
                Standing::Discarded { until, was }
            }
            _ => Standing::Working { wid, since: Wall(self.walls[1]), until: Wall(self.walls[2]) },
        }
    }

    /// The fact that these parts make.
    pub(crate) fn fact(&self) -> Fact<'_> {
        let [jid, queue, jobtype, _] = self.names.each_ref().map(String::as_str);
        let (id, order) = (JobId(self.words[0]), Order(self.words[1] as i64));
        let at = Wall(self.walls[0]);
        let standing = self.standing();
        let on_lost = [None, Some(OnLost::Requeue), Some(OnLost::Wait), Some(OnLost::Dead)];
        let endings = [
            Ending::Acked,
            Ending::Failed,
            Ending::Lost,
            Ending::Deleted,
            Ending::DeadAge,
            Ending::DeadLimit,
            Ending::Expired,
        ];
        match self.which % 8 {
            0 => {
                let head = Head {
                    jid,
                    queue,
                    jobtype,
                    retry: self.retry,
                    reserve_for: self.counts.0,
                    on_lost: on_lost[usize::from(self.small[1] % 4)],
                    terms: self.terms(),
                    body_hash: self.words[2],
                };
                let at = self.flags[0].then_some(at);
                Fact::Put { id, order, at, head, standing, body: &self.text }
            }
            1 => Fact::Set { id, order, standing },
            6 => Fact::Move { id, order, queue, standing },
            2 => {
                let failure = Failure {
                    retry_count: self.counts.0,
                    remaining: self.counts.1,
                    failed_at: Wall(self.walls[2]),
                    next_at: self.flags[1].then_some(Wall(self.walls[3])),
                    text: &self.text,
                };
                Fact::Fail { id, order, at, counted: self.flags[0], failure, standing }
            }
            3 => Fact::Lost { id, order, at, blamed: self.flags[0], standing },
            4 => Fact::End { id, at, why: endings[usize::from(self.small[1] % 7)] },
            5 => Fact::Clear(match self.small[1] % 6 {
                0 => Cleared::Everything,
                1 => Cleared::Queue(queue),
                2 => Cleared::Set(Set::Scheduled),
                3 => Cleared::Set(Set::Retries),
                4 => Cleared::Set(Set::Discarded),
                _ => Cleared::Set(Set::Dead),
            }),
            _ => Fact::Keep {
                family: FAMILIES[usize::from(self.small[1]) % FAMILIES.len()],
                key: jid.as_bytes(),
                value: self.flags[2].then_some(&self.text[..]),
            },
        }
    }
}

prop_compose! {
    pub(crate) fn parts()(
        which: u8, words: [u64; 4], walls: [i64; 4], small: [u8; 4], retry: i16,
        counts: (u32, i32), flags: [bool; 3],
        names in prop::array::uniform4(".{0,40}"),
        text in prop::collection::vec(any::<u8>(), 0..200),
    ) -> Parts {
        Parts { which, words, walls, small, retry, counts, flags, names, text }
    }
}

proptest! {
    #[test]
    fn every_fact_reads_back_and_its_text_is_where_the_span_says(
        all in prop::collection::vec(parts(), 1..20), start in 0..u64::MAX / 2,
    ) {
        let mut out = Vec::new();
        let spans: Vec<Span> = all.iter().map(|parts| encode(&parts.fact(), start, &mut out)).collect();
        let mut read = Records::new(&out, start);
        for (parts, span) in all.iter().zip(spans) {
            let (fact, found) = read.next().unwrap().unwrap();
            prop_assert_eq!(fact, parts.fact());
            prop_assert_eq!(found, span);
            if let Fact::Put { body: text, .. } | Fact::Fail { failure: Failure { text, .. }, .. } = fact {
                let at = (span.at - start) as usize;
                let behind = at + span.len as usize;
                prop_assert_eq!(&out[at..behind], text);
                let crc = out[behind..behind + TEXT_CRC_LEN].try_into().unwrap();
                prop_assert_eq!(u32::from_le_bytes(crc), text_crc(span.at, text));
            } else if fact.has_place() {
                let at = (span.at - start) as usize;
                let mut alone = Records::new(&out[at..at + span.len as usize], span.at);
                prop_assert_eq!(alone.next(), Some(Some((fact, span))));
            }
        }
        prop_assert!(read.next().is_none());
    }

    #[test]
    fn a_cut_record_is_no_record(parts in parts(), cut in any::<prop::sample::Index>()) {
        let mut out = Vec::new();
        encode(&parts.fact(), 0, &mut out);
        let cut = cut.index(out.len());
        let mut read = Records::new(&out[..cut], 0);
        prop_assert!(read.next().is_none_or(|fact| fact.is_none()));
        prop_assert!(read.next().is_none());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Records::new(&bytes, 0).count();
    }
}
