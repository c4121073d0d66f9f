// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * INVARIANT: all sessions that pass are on one server, which takes writes. A bell that rings on one
 * server is not heard on another, and a lock that is held there keeps nobody out. Safe for threads.
 */
final class OneServer {
  private final AtomicReference<@Nullable Server> first = new AtomicReference<>();

  /**
   * Lets a session pass; the first one decides which server it is.
   *
   * @throws UnfitServer when it is to be closed again
   */
  void admit(Connection connection) throws SQLException {
    Server server = Server.of(connection);
    if (server.standby()) {
      throw UnfitServer.standby();
    }
    if (server.readOnly()) {
      throw UnfitServer.readOnly();
    }
    first.compareAndSet(null, server);
    Server expected = first.get();
    if (expected != null && !server.isSame(expected)) {
      throw UnfitServer.another();
    }
  }
}
