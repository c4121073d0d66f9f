// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The connections that are open, those first that have been idle longest. So a client that opens
 * connections and says nothing takes them from itself, and not from others. Lives on the event
 * loop.
 */
final class OpenConnections {
  /** One of them. */
  interface Client {
    /** Whether it has a request that is being answered: it is not closed for another then. */
    boolean isAnswering();

    void close();
  }

  private final int limit;
  private final Set<Client> open = new LinkedHashSet<>();

  OpenConnections(int limit) {
    this.limit = limit;
  }

  /** Takes a connection in, at the cost of another if need be, or refuses it. */
  boolean admit(Client connection) {
    if (open.size() >= limit && !closeOne()) {
      return false;
    }
    open.add(connection);
    return true;
  }

  private boolean closeOne() {
    for (Client each : open) {
      if (!each.isAnswering()) {
        open.remove(each);
        each.close();
        return true;
      }
    }
    return false;
  }

  /** It was of use just now. */
  void touch(Client connection) {
    if (open.remove(connection)) {
      open.add(connection);
    }
  }

  void remove(Client connection) {
    open.remove(connection);
  }

  int count() {
    return open.size();
  }
}
