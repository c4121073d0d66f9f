------------------------------ MODULE Windows ------------------------------
(***************************************************************************)
(* Reading each message once and in order, and taking it off the table.    *)
(*                                                                         *)
(* Ids are drawn before commits, so a smaller id can become visible after  *)
(* a larger one. The relay remembers the snapshot of its last read and     *)
(* reads what was not visible in it: by one read while it is up to date,   *)
(* page by page between two snapshots while it is not. What has been read  *)
(* is sent in order by key, acknowledged, and deleted by its id. A refused *)
(* message is set aside; a person may requeue it at any moment. The relay  *)
(* may be replaced at any moment by one that knows only the table.         *)
(*                                                                         *)
(* One owner at a time: Lease. Nobody sleeps here: Doorbell.               *)
(* docs/internals/model/README.md says which action is which method.       *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
  KeyOf,        \* the key of each row, in the order in which ids are drawn
  PageSize,
  MaxCrashes, MaxRefusals, MaxRequeues, MaxSweeps,
  Mutant

Rows == DOMAIN KeyOf
ThreeRows == <<"a", "b", "a">>
FourRows == <<"a", "b", "c", "a">>
NoRead == [kind |-> "none"]

VARIABLES
  \* The database.
  nextId,       \* the sequence
  open,         \* rows of transactions that have not ended
  committed,
  pending,      \* rows in the table that are owed, visible or not
  failed,       \* rows that were set aside
  version,      \* how often a row was requeued: each time by another transaction
  done,         \* what every snapshot from now on shows: <<row, version>>
  \* The relay's memory.
  up, from, paging, upTo, after,
  read,         \* a read whose result has not arrived yet
  known,        \* ids in memory
  linger,       \* settled while a read was under way that may still show them
  lingerRefused, again,
  queue, flight,
  acked, deleted,      \* acknowledged: not deleted yet; deleted, and not heard yet
  refused, setAside,   \* refused: not marked yet; marked, and not heard yet
  \* The receiver, and the history.
  got, everRefused, crashes, requeues, sweeps

database == <<nextId, open, committed, pending, failed, version, done>>
reading == <<up, from, paging, upTo, after, read>>
memory == <<known, linger, lingerRefused, again, queue, flight, acked, deleted, refused, setAside>>
history == <<got, everRefused, crashes, requeues, sweeps>>
vars == <<database, reading, memory, history>>

Init ==
  /\ nextId = 1
  /\ open = {} /\ committed = {} /\ pending = {} /\ failed = {}
  /\ version = [i \in Rows |-> 0]
  /\ done = {}
  /\ up = FALSE /\ from = {} /\ paging = FALSE /\ upTo = {} /\ after = 0
  /\ read = NoRead
  /\ known = {} /\ linger = {} /\ lingerRefused = {} /\ again = {}
  /\ queue = <<>> /\ flight = {}
  /\ acked = {} /\ deleted = {} /\ refused = {} /\ setAside = {}
  /\ got = {} /\ everRefused = {} /\ crashes = 0 /\ requeues = 0 /\ sweeps = 0

InQueue == {queue[n] : n \in DOMAIN queue}
Visible == pending \cap committed
In(i, snapshot) == <<i, version[i]>> \in snapshot
Smallest(n, ids) == {i \in ids : Cardinality({j \in ids : j < i}) < n}
Last(ids) == IF ids = {} THEN 0 ELSE CHOOSE i \in ids : \A j \in ids : j <= i

RECURSIVE InOrder(_)
InOrder(ids) ==
  IF ids = {} THEN <<>>
  ELSE LET first == CHOOSE i \in ids : \A j \in ids : i <= j
       IN <<first>> \o InOrder(ids \ {first})

-----------------------------------------------------------------------------
(* Writers, and a person. *)

\* The id is drawn under the lock of the row that is changed.
Write ==
  /\ nextId \in Rows
  /\ \/ \A i \in open : KeyOf[i] # KeyOf[nextId]
     \/ Mutant = "ids drawn ahead of the row locks"
  /\ open' = open \cup {nextId}
  /\ pending' = pending \cup {nextId}
  /\ nextId' = nextId + 1
  /\ UNCHANGED <<committed, failed, version, done, reading, memory, history>>

Commit(i) ==
  /\ i \in open
  /\ open' = open \ {i}
  /\ committed' = committed \cup {i}
  /\ done' = done \cup {<<i, 0>>}
  /\ UNCHANGED <<nextId, pending, failed, version, reading, memory, history>>

Rollback(i) ==
  /\ i \in open
  /\ open' = open \ {i}
  /\ pending' = pending \ {i}
  /\ UNCHANGED <<nextId, committed, failed, version, done, reading, memory, history>>

Requeue(i) ==
  /\ i \in failed
  /\ requeues < MaxRequeues
  /\ requeues' = requeues + 1
  /\ failed' = failed \ {i}
  /\ pending' = pending \cup {i}
  /\ version' = [version EXCEPT ![i] = @ + 1]
  /\ done' = done \cup {<<i, version[i] + 1>>}
  /\ UNCHANGED <<nextId, open, committed, reading, memory, got, everRefused, crashes, sweeps>>

-----------------------------------------------------------------------------
(* Reading. *)

NothingInMemory ==
  /\ known' = {} /\ linger' = {} /\ lingerRefused' = {} /\ again' = {}
  /\ queue' = <<>> /\ flight' = {}
  /\ acked' = {} /\ deleted' = {} /\ refused' = {} /\ setAside' = {}

Start ==
  /\ ~up
  /\ up' = TRUE
  /\ from' = {} /\ upTo' = done /\ after' = 0 /\ paging' = TRUE
  /\ read' = NoRead
  /\ NothingInMemory
  /\ UNCHANGED <<database, history>>

Crash ==
  /\ up
  /\ crashes < MaxCrashes
  /\ crashes' = crashes + 1
  /\ up' = FALSE
  /\ from' = {} /\ upTo' = {} /\ after' = 0 /\ paging' = FALSE
  /\ read' = NoRead
  /\ NothingInMemory
  /\ UNCHANGED <<database, got, everRefused, requeues, sweeps>>

\* Reads everything once more, beside what is in memory.
Sweep ==
  /\ up /\ ~paging /\ read = NoRead
  /\ sweeps < MaxSweeps
  /\ sweeps' = sweeps + 1
  /\ from' = {} /\ upTo' = done /\ after' = 0 /\ paging' = TRUE
  /\ UNCHANGED <<up, read, database, memory, got, everRefused, crashes, requeues>>

\* A page of the window between two snapshots.
ReadPage ==
  /\ up /\ paging /\ read = NoRead
  /\ LET bound == IF Mutant = "page with a fresh snapshot" THEN done ELSE upTo
         rest == {i \in Visible : In(i, bound) /\ ~In(i, from) /\ i > after}
         page == Smallest(PageSize, rest)
     IN read' = [kind |-> "page", rows |-> page, more |-> page # rest, shows |-> bound]
  /\ UNCHANGED <<up, from, paging, upTo, after, database, memory, history>>

\* What was not visible in the last snapshot; more than a page becomes a window.
ReadTail ==
  /\ up /\ ~paging /\ read = NoRead
  /\ LET new == {i \in Visible : ~In(i, from)}
         shown == IF Mutant = "tail forgets open transactions"
                  THEN done \cup {<<i, 0>> : i \in open} ELSE done
     IN IF Cardinality(new) <= PageSize
        THEN /\ (new # {} \/ shown # from)
             /\ read' = [kind |-> "tail", rows |-> new, more |-> FALSE, shows |-> shown]
             /\ UNCHANGED <<paging, upTo, after>>
        ELSE /\ paging' = TRUE /\ upTo' = done /\ after' = 0
             /\ UNCHANGED read
  /\ UNCHANGED <<up, from, database, memory, history>>

ReadArrives ==
  /\ read # NoRead
  /\ LET new == read.rows \ (known \cup linger)
         shownAgain ==
           IF Mutant = "a known row that is shown again is passed over" THEN {}
           ELSE read.rows \cap (refused \cup setAside \cup lingerRefused)
     IN /\ known' = known \cup new
        /\ queue' = queue \o InOrder(new)
        /\ again' = again \cup shownAgain
  /\ linger' = {} /\ lingerRefused' = {}
  /\ IF read.kind = "tail"
     THEN from' = read.shows /\ UNCHANGED <<paging, after, upTo>>
     ELSE IF read.more
     THEN after' = Last(read.rows) /\ UNCHANGED <<from, paging, upTo>>
     ELSE from' = upTo /\ paging' = FALSE /\ after' = 0 /\ UNCHANGED upTo
  /\ read' = NoRead
  /\ UNCHANGED <<up, database, flight, acked, deleted, refused, setAside, history>>

\* By its id, since no window shows it any more.
ReadAgain(i) ==
  /\ i \in again
  /\ i \notin known
  /\ again' = again \ {i}
  /\ IF i \in Visible
     THEN known' = known \cup {i} /\ queue' = Append(queue, i)
     ELSE UNCHANGED <<known, queue>>
  /\ UNCHANGED <<database, reading, linger, lingerRefused, flight, acked, deleted, refused,
                 setAside, history>>

-----------------------------------------------------------------------------
(* Sending, and what is answered. *)

SameKey(i, ids) == \E j \in ids : j # i /\ KeyOf[j] = KeyOf[i]

Send(n) ==
  /\ n \in DOMAIN queue
  /\ LET i == queue[n]
     IN /\ \/ /\ ~SameKey(i, flight \cup refused)
              /\ \A m \in 1..(n - 1) : KeyOf[queue[m]] # KeyOf[i]
           \/ Mutant = "two of a key in flight"
        /\ flight' = flight \cup {i}
        /\ queue' = SubSeq(queue, 1, n - 1) \o SubSeq(queue, n + 1, Len(queue))
        /\ acked' = IF Mutant = "deleted when it is sent" THEN acked \cup {i} ELSE acked
  /\ UNCHANGED <<database, reading, known, linger, lingerRefused, again, deleted, refused,
                 setAside, history>>

Receive(i) ==
  /\ i \in flight
  /\ i \notin got
  /\ got' = got \cup {i}
  /\ UNCHANGED <<database, reading, memory, everRefused, crashes, requeues, sweeps>>

Acknowledged(i) ==
  /\ i \in flight \cap got
  /\ flight' = flight \ {i}
  /\ acked' = acked \cup {i}
  /\ UNCHANGED <<database, reading, known, linger, lingerRefused, again, queue, deleted, refused,
                 setAside, history>>

Refused(i) ==
  /\ i \in flight \ got
  /\ Cardinality(everRefused) < MaxRefusals
  /\ flight' = flight \ {i}
  /\ refused' = refused \cup {i}
  /\ everRefused' = everRefused \cup {i}
  /\ UNCHANGED <<database, reading, known, linger, lingerRefused, again, queue, acked, deleted,
                 setAside, got, crashes, requeues, sweeps>>

\* The statement in the database; its result is heard later.
Delete(i) ==
  /\ i \in acked
  /\ acked' = acked \ {i}
  /\ deleted' = deleted \cup {i}
  /\ pending' = IF Mutant = "rows deleted up to an id"
                THEN {j \in pending : j > i \/ j \in open} ELSE pending \ {i}
  /\ UNCHANGED <<nextId, open, committed, failed, version, done, reading, known, linger,
                 lingerRefused, again, queue, flight, refused, setAside, history>>

SetAside(i) ==
  /\ i \in refused
  /\ refused' = refused \ {i}
  /\ setAside' = setAside \cup {i}
  /\ failed' = failed \cup {i}
  /\ pending' = pending \ {i}
  /\ UNCHANGED <<nextId, open, committed, version, done, reading, known, linger, lingerRefused,
                 again, queue, flight, acked, deleted, history>>

Settled(i) ==
  /\ i \in deleted \cup setAside
  /\ known' = known \ {i}
  /\ deleted' = deleted \ {i}
  /\ setAside' = setAside \ {i}
  /\ IF read = NoRead \/ Mutant = "settled ids are forgotten at once"
     THEN UNCHANGED <<linger, lingerRefused>>
     ELSE /\ linger' = linger \cup {i}
          /\ lingerRefused' = IF i \in setAside THEN lingerRefused \cup {i} ELSE lingerRefused
  /\ UNCHANGED <<database, reading, again, queue, flight, acked, refused, history>>

-----------------------------------------------------------------------------
Next ==
  \/ Write \/ Start \/ Crash \/ Sweep \/ ReadPage \/ ReadTail \/ ReadArrives
  \/ \E n \in DOMAIN queue : Send(n)
  \/ \E i \in Rows :
       \/ Commit(i) \/ Rollback(i) \/ Requeue(i) \/ ReadAgain(i)
       \/ Receive(i) \/ Acknowledged(i) \/ Refused(i)
       \/ Delete(i) \/ SetAside(i) \/ Settled(i)

Spec == Init /\ [][Next]_vars

\* A row leaves the table only after the receiver has got it.
NothingLost == \A i \in committed : i \in pending \cup failed \cup got

NothingUndoneIsSent == got \subseteq committed

\* First arrivals follow the order of commits, by key; what was refused is passed by.
OrderByKey ==
  \A j \in got : \A i \in committed :
    i < j /\ KeyOf[i] = KeyOf[j] => i \in got \cup everRefused

\* What the reads count as read is in memory: what the sweep compares.
Covered(i) == In(i, from) \/ (paging /\ In(i, upTo) /\ i <= after)
NothingPassedOver == up => \A i \in Visible : Covered(i) => i \in known \cup again

\* A relay that is not replaced sends nothing that the receiver has taken already.
NothingSentTwice == crashes = 0 => InQueue \cap got = {}

\* What is not needed any more is not kept.
MemoryIsOwed == known \subseteq InQueue \cup flight \cup acked \cup deleted \cup refused \cup setAside
=============================================================================
