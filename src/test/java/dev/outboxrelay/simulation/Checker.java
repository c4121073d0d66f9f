// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.simulation.MemoryLockSession.End;
import dev.outboxrelay.simulation.Version.State;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Message;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Holds the engine to what it promises. Knows nothing of how it does it. */
final class Checker {

  /** What is known of a message beside its row. */
  private static final class Known {
    final Row row;
    final String destination;
    boolean committed;

    /**
     * A person has changed it, or a crash of the server: its place in the order is not promised.
     */
    boolean touched;

    boolean discarded;
    boolean accepted;
    boolean arrived;
    long heardNanos = -1;

    Known(Row row, String destination) {
      this.row = row;
      this.destination = destination;
    }
  }

  private final World world;
  private final TreeMap<Long, Known> messages = new TreeMap<>();
  private @Nullable String violation;
  private long lastFaultNanos = -1;
  private int faultsUnderWay;
  private int deliveries;
  private int repeats;

  Checker(World world) {
    this.world = world;
  }

  void violation(String kind, String what) {
    if (violation == null) {
      violation = kind + ": " + what;
      world.trace().add("CHECKER", violation);
      world.timeline().stop();
    }
  }

  @Nullable String violation() {
    return violation;
  }

  int deliveries() {
    return deliveries;
  }

  int repeats() {
    return repeats;
  }

  // What is done to it. ---------------------------------------------------------------------------

  /** Something has gone wrong that may have messages sent again. */
  void fault() {
    lastFaultNanos = world.timeline().now();
  }

  void faultBegins() {
    faultsUnderWay++;
    fault();
  }

  void faultEnds() {
    faultsUnderWay--;
    fault();
  }

  // What writers and people do. -------------------------------------------------------------------

  void written(Row row, String destination, boolean putOff) {
    Known known = new Known(row, destination);
    known.touched = putOff;
    messages.put(row.id, known);
  }

  void committed(Row row) {
    known(row.id).committed = true;
  }

  void touched(Row row) {
    Known known = messages.get(row.id);
    if (known != null) {
      known.touched = true;
    }
  }

  void discarded(Row row) {
    Known known = known(row.id);
    known.touched = true;
    known.discarded = true;
  }

  /** Owed once more, whatever was delivered before. */
  void owedAnew(Row row) {
    Known known = known(row.id);
    known.touched = true;
    known.accepted = false;
    known.heardNanos = -1;
  }

  /** Nothing about the order of a destination is promised from now on. */
  void orderIsOver(String destination) {
    for (Known known : messages.values()) {
      if (known.destination.equals(destination)) {
        known.touched = true;
      }
    }
  }

  private Known known(long id) {
    Known known = messages.get(id);
    if (known == null) {
      throw new IllegalStateException("nobody has written message " + id);
    }
    return known;
  }

  // What the engine does. -------------------------------------------------------------------------

  /** Only its owner sends for a destination, and whoever was it for no longer than the lease. */
  void sends(RelayProcess process, MemoryLockSession session, Destination destination) {
    MemoryServer server = world.server();
    if (session.end() == End.IDLE) {
      violation(
          "two senders",
          process.host()
              + " sends for "
              + destination.name()
              + " although the server has ended its lock session for its silence");
    } else if (session.end() == End.OTHER) {
      long sinceNanos = (server.nowMicros() - session.endedMicros()) * 1000;
      if (sinceNanos > process.silenceNanos()) {
        violation(
            "two senders",
            process.host()
                + " sends for "
                + destination.name()
                + " long after its lock session has ended");
      }
    } else if (server.locks().owner(destination.doorbell()) != session) {
      violation(
          "two senders",
          process.host() + " sends for " + destination.name() + " and does not own it");
    }
  }

  void arrived(ScriptedConnection connection, Message message, long sentNanos) {
    long id = message.id();
    Known known = messages.get(id);
    if (known == null || !known.committed) {
      violation("phantom", "message " + id + " is not committed");
      return;
    }
    deliveries++;
    if (known.heardNanos >= 0 && sentNanos > known.heardNanos) {
      repeats++;
      if (!known.touched && faultsUnderWay == 0 && lastFaultNanos < known.heardNanos) {
        violation("unexplained repeat", "message " + id + " was acknowledged and comes again");
      }
    }
    if (!known.arrived && !known.touched) {
      checkOrder(connection.destination(), known);
    }
    known.arrived = true;
  }

  private void checkOrder(Destination settings, Known known) {
    if (settings.ordering() != Ordering.KEY) {
      return;
    }
    for (Known earlier : messages.headMap(known.row.id).values()) {
      if (!earlier.committed
          || earlier.accepted
          || earlier.touched
          || !earlier.destination.equals(known.destination)
          || !isBefore(earlier.row, known.row)) {
        continue;
      }
      Version version = earlier.row.committed;
      boolean aside = version != null && version.state() == State.FAILED;
      // A failed one holds up its key; without a key, or as a truncate, it holds up nothing.
      boolean holds =
          settings.onFailure() == Destination.OnFailure.HOLD && earlier.row.gate != null;
      boolean mayPass = aside && !holds;
      if (!mayPass) {
        violation(
            "out of order",
            "message " + known.row.id + " comes before " + earlier.row.id + " of its key");
        return;
      }
    }
  }

  private static boolean isBefore(Row earlier, Row later) {
    if (earlier.truncate || later.truncate) {
      return earlier.table != null && earlier.table.equals(later.table);
    }
    return earlier.gate != null && earlier.gate.equals(later.gate);
  }

  void accepted(long id) {
    known(id).accepted = true;
  }

  void acknowledgementHeard(long id) {
    known(id).heardNanos = world.timeline().now();
  }

  /** Its row goes as a delivered one. */
  void completed(Row row) {
    if (!known(row.id).accepted) {
      violation("never acknowledged", "message " + row.id + " is settled and was not accepted");
    }
  }

  // In the end. -----------------------------------------------------------------------------------

  /** The first message that is owed and could be sent, null when there is none. */
  @Nullable String owed() {
    for (Known known : messages.values()) {
      Version version = known.row.committed;
      if (known.committed && version != null) {
        boolean rests = version.state() == State.DELIVERED || version.state() == State.FAILED;
        if (!rests) {
          return "message " + known.row.id + " is " + version;
        }
      }
    }
    return null;
  }

  void checkEnd() {
    for (Known known : messages.values()) {
      if (!known.committed || known.accepted || known.discarded) {
        continue;
      }
      Version version = known.row.committed;
      if (version == null || version.state() != State.FAILED) {
        violation("lost", "message " + known.row.id + " was never accepted, its row is " + version);
        return;
      }
    }
  }
}
