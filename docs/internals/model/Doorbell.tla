------------------------------ MODULE Doorbell ------------------------------
(***************************************************************************)
(* The doorbell: writers ring only while the relay sleeps, and no wake-up  *)
(* is lost.                                                                *)
(*                                                                         *)
(* A writer inserts its row, then tries the bell's lock in shared mode. If *)
(* it gets the lock, it stays silent and keeps the lock until its change   *)
(* is visible. If it does not, it notifies when it commits. A relay that   *)
(* wants to sleep tries the lock in exclusive mode. With the lock it reads *)
(* once more, and only then waits for a notification.                      *)
(*                                                                         *)
(* There is no sweep and no poll in this model: the bell alone must do.    *)
(* docs/internals/model/README.md says which action is which method.       *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
  Writers,      \* each runs one transaction
  MaxCrashes,   \* how often the relay may be replaced by a new one
  Mutant        \* "none", or the name of a fault that TLC has to find

VARIABLES
  stage,        \* of a writer: idle, written, decided, visible, done
  shares,       \* writers that hold the bell's lock in shared mode
  rings,        \* writers that notify when they commit
  visible,      \* writers whose row is committed and visible
  transit,      \* notifications on their way to the listening session
  mode,         \* of the relay: awake, locked, asleep
  exclusive,    \* the relay holds the bell's lock
  read,         \* rows that the relay has read
  crashes

vars == <<stage, shares, rings, visible, transit, mode, exclusive, read, crashes>>

TypeOK ==
  /\ stage \in [Writers -> {"idle", "written", "decided", "visible", "done"}]
  /\ shares \subseteq Writers
  /\ rings \subseteq Writers
  /\ visible \subseteq Writers
  /\ transit \subseteq Writers
  /\ mode \in {"awake", "locked", "asleep"}
  /\ exclusive \in BOOLEAN
  /\ read \subseteq visible
  /\ crashes \in 0..MaxCrashes

Init ==
  /\ stage = [w \in Writers |-> "idle"]
  /\ shares = {}
  /\ rings = {}
  /\ visible = {}
  /\ transit = {}
  /\ mode = "awake"
  /\ exclusive = FALSE
  /\ read = {}
  /\ crashes = 0

-----------------------------------------------------------------------------
(* The writer. *)

Insert(w) ==
  /\ stage[w] = "idle"
  /\ stage' = [stage EXCEPT ![w] = "written"]
  /\ UNCHANGED <<shares, rings, visible, transit, mode, exclusive, read, crashes>>

\* pg_try_advisory_xact_lock_shared, and pg_notify where it fails.
Decide(w) ==
  /\ stage[w] = "written"
  /\ stage' = [stage EXCEPT ![w] = "decided"]
  /\ IF exclusive
     THEN /\ rings' = IF Mutant = "writer does not ring" THEN rings ELSE rings \cup {w}
          /\ UNCHANGED shares
     ELSE /\ shares' = shares \cup {w}
          /\ UNCHANGED rings
  /\ UNCHANGED <<visible, transit, mode, exclusive, read, crashes>>

\* PostgreSQL makes the change visible first, and then gives the locks back.
Commit(w) ==
  /\ stage[w] = "decided"
  /\ stage' = [stage EXCEPT ![w] = "visible"]
  /\ visible' = visible \cup {w}
  /\ UNCHANGED <<shares, rings, transit, mode, exclusive, read, crashes>>

Release(w) ==
  /\ stage[w] = "visible"
  /\ stage' = [stage EXCEPT ![w] = "done"]
  /\ shares' = shares \ {w}
  /\ transit' = IF w \in rings THEN transit \cup {w} ELSE transit
  /\ UNCHANGED <<rings, visible, mode, exclusive, read, crashes>>

Rollback(w) ==
  /\ stage[w] \in {"written", "decided"}
  /\ stage' = [stage EXCEPT ![w] = "done"]
  /\ shares' = shares \ {w}
  /\ rings' = rings \ {w}
  /\ UNCHANGED <<visible, transit, mode, exclusive, read, crashes>>

\* The fault: a lock of the statement instead of the transaction.
ReleaseEarly(w) ==
  /\ Mutant = "lock given back before the commit"
  /\ stage[w] = "decided"
  /\ shares' = shares \ {w}
  /\ UNCHANGED <<stage, rings, visible, transit, mode, exclusive, read, crashes>>

-----------------------------------------------------------------------------
(* The relay. *)

\* Awake it reads again and again, whether anybody rang or not.
ReadAwake ==
  /\ mode = "awake"
  /\ read' = visible
  /\ UNCHANGED <<stage, shares, rings, visible, transit, mode, exclusive, crashes>>

TrySleep ==
  /\ mode = "awake"
  /\ \/ shares = {}
     \/ Mutant = "sleeps although the try failed"
  /\ exclusive' = (shares = {})
  /\ mode' = IF Mutant = "no read after the lock" THEN "asleep" ELSE "locked"
  /\ UNCHANGED <<stage, shares, rings, visible, transit, read, crashes>>

\* Once more, now that every new writer rings.
ReadLocked ==
  /\ mode = "locked"
  /\ read' = visible
  /\ mode' = "asleep"
  /\ UNCHANGED <<stage, shares, rings, visible, transit, exclusive, crashes>>

\* A notification: the relay reads. Many in a short time make it wake up.
Hear ==
  /\ transit # {}
  /\ \E w \in transit : transit' = transit \ {w}
  /\ \/ mode' = (IF mode = "asleep" THEN "locked" ELSE mode) /\ UNCHANGED exclusive
     \/ mode = "asleep" /\ mode' = "awake" /\ exclusive' = FALSE
  /\ UNCHANGED <<stage, shares, rings, visible, read, crashes>>

\* Its sessions end: the lock is free, nothing is heard any more. The next relay listens first,
\* and then reads everything.
Crash ==
  /\ crashes < MaxCrashes
  /\ crashes' = crashes + 1
  /\ mode' = "awake"
  /\ exclusive' = FALSE
  /\ transit' = {}
  /\ read' = {}
  /\ UNCHANGED <<stage, shares, rings, visible>>

-----------------------------------------------------------------------------
Writer(w) ==
  Insert(w) \/ Decide(w) \/ Commit(w) \/ Release(w) \/ Rollback(w) \/ ReleaseEarly(w)

Relay == ReadAwake \/ TrySleep \/ ReadLocked \/ Hear

Next == (\E w \in Writers : Writer(w)) \/ Relay \/ Crash

Spec ==
  /\ Init
  /\ [][Next]_vars
  /\ WF_vars(ReadAwake)
  /\ WF_vars(ReadLocked)
  /\ WF_vars(Hear)
  /\ \A w \in Writers : WF_vars(Decide(w) \/ Commit(w) \/ Release(w))

\* Asleep, with no notification on its way and none to come, the relay has read everything.
NoLostWakeUp ==
  mode = "asleep"
    => \A w \in visible \ read : w \in transit \/ (w \in rings /\ stage[w] = "visible")

\* Whoever reads awake and sleeps sound: what is visible is read in the end.
EverythingIsRead == \A w \in Writers : (w \in visible) ~> (w \in read)

Symmetry == Permutations(Writers)
=============================================================================
