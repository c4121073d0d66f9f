// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ownership;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.LockSession;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether this database is the one whose messages these are: in a copy nothing may be owned, and so
 * nothing is sent, until a person has said that the copy is the one from now on. Also notices that
 * the schema was made anew under a running relay, whose memory is that of other rows then. Lives on
 * the core.
 */
public final class DatabaseIdentity {
  private final boolean adoptCopies;
  private final DatabaseWork databaseWork;
  private final DestinationStore destinations;
  private final RelayEvents events;
  private final Runnable look;
  private final Consumer<String> onLoss;

  /** What the schema said when this term began to own. */
  private @Nullable String incarnation;

  /** What the last look at it told. */
  private boolean here;

  private boolean inDoubt = true;
  private boolean asking;

  /** What was asked for last. */
  private @Nullable String asked;

  private boolean toldOfCopy;

  /**
   * @param look looks again
   * @param onLoss ends the term: what is in memory is of no use any more
   */
  public DatabaseIdentity(
      boolean adoptCopies,
      DatabaseWork databaseWork,
      DestinationStore destinations,
      RelayEvents events,
      Runnable look,
      Consumer<String> onLoss) {
    this.adoptCopies = adoptCopies;
    this.databaseWork = databaseWork;
    this.destinations = destinations;
    this.events = events;
    this.look = look;
    this.onLoss = onLoss;
  }

  /** Whether the next look is to ask which database this is. */
  public boolean isInDoubt() {
    return inDoubt;
  }

  /** It may be another one by now. */
  public void doubt() {
    inDoubt = true;
  }

  /**
   * Decides by what a look has seen.
   *
   * @return false when nothing may be owned: now, or at all
   */
  boolean isHere(LockSession.View view) {
    if (view.home() != null) {
      here = isHere(view.home());
      inDoubt = !here;
    }
    return here;
  }

  private boolean isHere(LockSession.Home view) {
    if (incarnation != null && (view.copied() != null || !incarnation.equals(view.incarnation()))) {
      onLoss.accept("the schema outbox is another one than before");
      return false;
    }
    if (view.copied() != null) {
      copied(view.copied());
      return false;
    }
    if (view.incarnation() == null) {
      ask("identity", DestinationStore::claim);
      return false;
    }
    incarnation = view.incarnation();
    if (toldOfCopy) {
      toldOfCopy = false;
      events.adopted();
    }
    return true;
  }

  private void copied(String finding) {
    if (adoptCopies) {
      ask("adoption", DestinationStore::adopt);
    }
    if (!toldOfCopy) {
      toldOfCopy = true;
      events.copied(finding);
    }
  }

  private interface Statement {
    void run(DestinationStore store) throws java.sql.SQLException;
  }

  /** A look sees what came of it: at once, and where that has not helped, the next one in time. */
  private void ask(String what, Statement statement) {
    if (asking) {
      return;
    }
    asking = true;
    boolean first = !what.equals(asked);
    asked = what;
    databaseWork.submit(
        what,
        () -> {
          statement.run(destinations);
          return true;
        },
        done -> {
          asking = false;
          if (first) {
            look.run();
          }
        });
  }
}
