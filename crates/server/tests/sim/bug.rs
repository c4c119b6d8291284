//! Planted bugs: what a simulation is worth is how many of them it finds, and how soon.
//!
//! They sit between the parts and not in them: above the engine as if the node or the shell had made them, below as
//! if the engine had, and under the store as if the disk lied.

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bug {
    // The shell's.
    /// A closed connection says that all its bytes reached the kernel.
    ClaimsAllSent,
    /// No connection ever says that its bytes reached the kernel.
    ClaimsNothingSent,
    /// The end of what a client sends is not told.
    ForgetsEof,
    // The node's.
    /// The engine is not told that a connection is gone.
    ForgetsDisconnect,
    /// A delivery that reached nobody is not taken back.
    ForgetsUndelivered,
    /// OK is said before the flush.
    AnswersBeforeFlush,
    /// Two commands get each other's replies.
    SwapsReplies,
    /// A long turn is not taken for a stall.
    ForgetsStall,
    /// A reply is forgotten.
    LosesReply,
    // The engine's.
    /// A push that comes again is a second job.
    PushesTwice,
    /// The good jobs of a PUSHB do not become durable together.
    SplitsBulk,
    /// FETCH takes its queues from the right.
    FetchesFromTheRight,
    /// Anybody's ACK ends anybody's reservation.
    TakesForeignAcks,
    /// A failure counts as done.
    TakesFailForAck,
    /// The timer does nothing now and then.
    SwallowsDue,
    /// The timer is set too late now and then.
    OverslepsDue,
    /// Reservations follow the wall clock.
    ReservesByWallClock,
    /// A quiet worker gets jobs.
    IgnoresQuiet,
    /// The head of a queue is its tail.
    RequeuesToTail,
    /// A unique job is pushed as any other.
    ForgetsKeys,
    /// A key that is to stay until its time is over goes with its job.
    FreesKeysEarly,
    /// Of a queue one job more is worked on than may be.
    OverrunsLimits,
    /// Of a queue one job more is begun at once than its rate allows.
    OverrunsRates,
    /// A member of a batch is pushed as any other job.
    ForgetsMembers,
    /// A COMMIT is answered and has not happened, now and then.
    LosesCommits,
    /// A batch that is opened again calls as if it were not.
    ClosesWhatIsOpened,
    /// Nobody waits for a batch that is below another.
    ForgetsParents,
    /// A cron entry ticks once more now and then.
    TicksAgain,
    /// A tracked job is forgotten when it has ended.
    ForgetsEnds,
    /// Nobody gets more time.
    GrantsNoTime,
    /// An edit changes no more than the text.
    EditsTextAlone,
    // The disk's.
    /// A flush returns and has not happened.
    DiskIgnoresFlush,
    /// Names are not flushed.
    DiskIgnoresNames,
    /// One flush in eight has not happened.
    DiskForgetsSomeFlushes,
}

impl Bug {
    pub(crate) const ALL: &[Self] = &[
        Self::ClaimsAllSent,
        Self::ClaimsNothingSent,
        Self::ForgetsEof,
        Self::ForgetsDisconnect,
        Self::ForgetsUndelivered,
        Self::AnswersBeforeFlush,
        Self::SwapsReplies,
        Self::ForgetsStall,
        Self::LosesReply,
        Self::PushesTwice,
        Self::SplitsBulk,
        Self::FetchesFromTheRight,
        Self::TakesForeignAcks,
        Self::TakesFailForAck,
        Self::SwallowsDue,
        Self::OverslepsDue,
        Self::ReservesByWallClock,
        Self::IgnoresQuiet,
        Self::RequeuesToTail,
        Self::ForgetsKeys,
        Self::FreesKeysEarly,
        Self::OverrunsLimits,
        Self::OverrunsRates,
        Self::ForgetsMembers,
        Self::LosesCommits,
        Self::ClosesWhatIsOpened,
        Self::ForgetsParents,
        Self::TicksAgain,
        Self::ForgetsEnds,
        Self::GrantsNoTime,
        Self::EditsTextAlone,
        Self::DiskIgnoresFlush,
        Self::DiskIgnoresNames,
        Self::DiskForgetsSomeFlushes,
    ];
}
