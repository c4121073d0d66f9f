------------------------------- MODULE Lease -------------------------------
(***************************************************************************)
(* Ownership: two relays never send for one destination at the same time.  *)
(*                                                                         *)
(* The owner holds an advisory lock by its lock session, which it shows to *)
(* be alive by a statement now and then. The server ends a session that    *)
(* was silent for Limit ticks, counted from the arrival of its last        *)
(* statement. The relay counts the same time from the moment at which it   *)
(* sent the last statement that was answered, which is earlier. So it      *)
(* stops sending before the server gives the lock to somebody else.        *)
(*                                                                         *)
(* A relay may be frozen at any moment, and awake again much later: it     *)
(* looks at the clock before each message.                                 *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS Relays, Limit, MaxTime, MaxEpoch, Mutant

VARIABLES
  now,
  owner,      \* who holds the lock, by the server: a set of at most one relay
  heard,      \* when the server last got a statement of the relay's session
  way,        \* statements on their way to the server, by the time of sending
  back,       \* answers on their way to the relay, by the time of sending
  leaseFrom,  \* from when the relay counts; 0 without a session
  believes,   \* the relay has been told that it owns the destination
  epoch,      \* the table's
  epochOf     \* what the relay was given at its take-over

vars == <<now, owner, heard, way, back, leaseFrom, believes, epoch, epochOf>>

Init ==
  /\ now = 1
  /\ owner = {}
  /\ heard = [r \in Relays |-> 0]
  /\ way = [r \in Relays |-> {}]
  /\ back = [r \in Relays |-> {}]
  /\ leaseFrom = [r \in Relays |-> 0]
  /\ believes = [r \in Relays |-> FALSE]
  /\ epoch = 0
  /\ epochOf = [r \in Relays |-> 0]

Tick ==
  /\ now < MaxTime
  /\ now' = now + 1
  /\ UNCHANGED <<owner, heard, way, back, leaseFrom, believes, epoch, epochOf>>

\* Asks for the lock: the statement is sent, answered, and counted from the sending.
TakeOver(r) ==
  /\ epoch < MaxEpoch
  /\ owner = {}
  /\ ~believes[r]
  /\ owner' = {r}
  /\ heard' = [heard EXCEPT ![r] = now]
  /\ leaseFrom' = [leaseFrom EXCEPT ![r] = now]
  /\ believes' = [believes EXCEPT ![r] = TRUE]
  /\ epoch' = epoch + 1
  /\ epochOf' = [epochOf EXCEPT ![r] = epoch + 1]
  /\ way' = [way EXCEPT ![r] = {}]
  /\ back' = [back EXCEPT ![r] = {}]
  /\ UNCHANGED now

Beat(r) ==
  /\ believes[r]
  /\ way[r] = {} /\ back[r] = {}
  /\ way' = [way EXCEPT ![r] = {now}]
  /\ UNCHANGED <<now, owner, heard, back, leaseFrom, believes, epoch, epochOf>>

BeatArrives(r) ==
  /\ r \in owner
  /\ \E sent \in way[r] :
       /\ way' = [way EXCEPT ![r] = {}]
       /\ back' = [back EXCEPT ![r] = {sent}]
  /\ heard' = [heard EXCEPT ![r] = now]
  /\ UNCHANGED <<now, owner, leaseFrom, believes, epoch, epochOf>>

BeatAnswered(r) ==
  /\ \E sent \in back[r] :
       leaseFrom' = [leaseFrom EXCEPT ![r] =
         IF Mutant = "lease counted from the answer" THEN now ELSE sent]
  /\ back' = [back EXCEPT ![r] = {}]
  /\ UNCHANGED <<now, owner, heard, way, believes, epoch, epochOf>>

\* idle_session_timeout, or a session that broke.
ServerEnds(r) ==
  /\ r \in owner
  /\ \/ now - heard[r] >= Limit
     \/ Mutant = "the server ends sessions early" /\ now - heard[r] >= Limit - 1
  /\ owner' = {}
  /\ UNCHANGED <<now, heard, way, back, leaseFrom, believes, epoch, epochOf>>

\* The relay sees that the session is gone, or that its time is over.
LetsGo(r) ==
  /\ believes[r]
  /\ believes' = [believes EXCEPT ![r] = FALSE]
  /\ leaseFrom' = [leaseFrom EXCEPT ![r] = 0]
  /\ owner' = owner \ {r}
  /\ way' = [way EXCEPT ![r] = {}]
  /\ back' = [back EXCEPT ![r] = {}]
  /\ UNCHANGED <<now, heard, epoch, epochOf>>

\* The lease as the relay sees it: the last check before a message is handed to the connection.
MaySend(r) ==
  /\ believes[r]
  /\ \/ now - leaseFrom[r] < Limit
     \/ Mutant = "lease not looked at"

\* What a statement that changes a message's state asks for: the fence.
MayChangeState(r) ==
  \/ epochOf[r] = epoch
  \/ Mutant = "state changes are not fenced"

Next ==
  \/ Tick
  \/ \E r \in Relays :
       TakeOver(r) \/ Beat(r) \/ BeatArrives(r) \/ BeatAnswered(r) \/ ServerEnds(r) \/ LetsGo(r)

Spec == Init /\ [][Next]_vars

OneSender == Cardinality({r \in Relays : MaySend(r)}) <= 1

SenderOwns == \A r \in Relays : MaySend(r) => r \in owner

\* Of two relays that believe to own, only the later changes states.
OneChanger ==
  \A r, s \in Relays :
    r # s /\ believes[r] /\ believes[s] => ~(MayChangeState(r) /\ MayChangeState(s))

EpochsDiffer ==
  \A r, s \in Relays : r # s /\ epochOf[r] > 0 => epochOf[r] # epochOf[s]

=============================================================================
