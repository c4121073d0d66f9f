// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Doorbells and their ownership, as PostgreSQL's advisory locks: of sessions they are counted. */
final class AdvisoryLocks {
  private static final class Held {
    final MemoryLockSession by;
    int times = 1;

    Held(MemoryLockSession by) {
      this.by = by;
    }
  }

  private final Map<Integer, Held> owners = new HashMap<>();
  private final Map<Integer, Held> sleepers = new HashMap<>();
  private final Map<Integer, Set<Transaction>> sharers = new HashMap<>();

  boolean tryShareBell(int bell, Transaction by) {
    if (sleepers.containsKey(bell)) {
      return false;
    }
    sharers.computeIfAbsent(bell, b -> new HashSet<>()).add(by);
    return true;
  }

  void unshare(int bell, Transaction by) {
    Set<Transaction> sharing = sharers.get(bell);
    if (sharing != null) {
      sharing.remove(by);
    }
  }

  boolean trySleep(int bell, MemoryLockSession by) {
    return sharers.getOrDefault(bell, Set.of()).isEmpty() && take(sleepers, bell, by);
  }

  boolean wake(int bell, MemoryLockSession by) {
    return give(sleepers, bell, by);
  }

  boolean tryOwn(int bell, MemoryLockSession by) {
    return take(owners, bell, by);
  }

  boolean disown(int bell, MemoryLockSession by) {
    return give(owners, bell, by);
  }

  private static boolean take(Map<Integer, Held> locks, int bell, MemoryLockSession by) {
    Held held = locks.get(bell);
    if (held == null) {
      locks.put(bell, new Held(by));
      return true;
    }
    if (held.by != by) {
      return false;
    }
    held.times++;
    return true;
  }

  private static boolean give(Map<Integer, Held> locks, int bell, MemoryLockSession by) {
    Held held = locks.get(bell);
    if (held == null || held.by != by) {
      return false;
    }
    held.times--;
    if (held.times == 0) {
      locks.remove(bell);
    }
    return true;
  }

  @Nullable MemoryLockSession owner(int bell) {
    Held held = owners.get(bell);
    return held == null ? null : held.by;
  }

  Set<Integer> owned() {
    return new TreeSet<>(owners.keySet());
  }

  void forget(MemoryLockSession session) {
    owners.values().removeIf(held -> held.by == session);
    sleepers.values().removeIf(held -> held.by == session);
  }
}
