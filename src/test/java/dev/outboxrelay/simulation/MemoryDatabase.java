// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.ListenSession;
import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.ListenSession.Kind;
import dev.outboxrelay.store.LockSession;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.OutboxDatabase;
import dev.outboxrelay.store.SchemaState;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;

/** {@link OutboxDatabase} over a {@link MemoryServer}. */
final class MemoryDatabase implements OutboxDatabase {

  /** Makes the control sessions. */
  interface Sessions {
    MemoryLockSession lock();

    MemoryListenSession listen();
  }

  private final MemoryServer server;
  private final Wire wire;
  private final int start;
  private final CompletableFuture<String> unfit = new CompletableFuture<>();
  private final Sessions sessions;
  private final MessageStore messages;
  private final DestinationStore destinations;

  /**
   * @param rowValuesAlone every message is its row values
   */
  MemoryDatabase(MemoryServer server, Wire wire, Sessions sessions, boolean rowValuesAlone) {
    this.server = server;
    this.wire = new SameServer(wire);
    this.sessions = sessions;
    start = server.starts();
    messages = new MemoryMessageStore(server, this.wire, rowValuesAlone);
    destinations = new MemoryDestinationStore(server, this.wire);
  }

  /** All sessions are on one server, since it was started once: another one is not admitted. */
  private final class SameServer implements Wire {
    private final Wire way;

    SameServer(Wire way) {
      this.way = way;
    }

    @Override
    public void before(String what) throws SQLException {
      way.before(what);
      if (server.starts() != start) {
        unfit.complete("the server is another one than before");
        throw new SQLException("the server is another one than before", "08004");
      }
    }

    @Override
    public void after(String what) throws SQLException {
      way.after(what);
    }

    @Override
    public void awaitLock() throws SQLException {
      way.awaitLock();
    }
  }

  @Override
  public CompletableFuture<String> unfit() {
    return unfit;
  }

  @Override
  public SchemaState schema() throws SQLException {
    wire.before("schema");
    return SchemaState.CURRENT;
  }

  @Override
  public MessageStore messages() {
    return messages;
  }

  @Override
  public DestinationStore destinations() {
    return destinations;
  }

  @Override
  public LockSession openLockSession() throws SQLException {
    wire.before("lock session");
    return sessions.lock();
  }

  @Override
  public ListenSession openListenSession() throws SQLException {
    wire.before("listening session");
    return sessions.listen();
  }

  @Override
  public void ring(ListenSession session, long number) throws SQLException {
    wire.before("ring");
    if (session instanceof MemoryListenSession listener && server.listeners().contains(listener)) {
      listener.notified(new Heard(Kind.SELF_TEST, Long.toString(number)));
    }
    wire.after("ring");
  }

  @Override
  public void close() {}
}
