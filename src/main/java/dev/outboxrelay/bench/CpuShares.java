// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * Seconds of CPU since their processes began, by who used them. Threads and sessions that have
 * ended count among the rest of their process.
 *
 * @param compilers those of the relay's Java
 * @param collector its garbage collector
 * @param work all else of the relay's process
 * @param sessions the relay's, in PostgreSQL
 * @param server all else of PostgreSQL: the writers' sessions, and what is behind all of them
 * @param bench the bench's process: its clients, and the receiver
 */
record CpuShares(
    double compilers, double collector, double work, double sessions, double server, double bench) {
  private static final String SESSIONS =
      "select pid from pg_stat_activity where application_name like 'outbox-relay%'";

  /** What has been used by now; the server's shares are NaN where it is not on this machine. */
  static CpuShares now(BenchDatabase database, OptionalLong postmaster, RelayProcess relay)
      throws SQLException {
    Map<String, Double> threads = Cpu.secondsByThread(relay.pid());
    double compilers = sum(threads, name -> name.matches("C[12] Compiler.*"));
    double collector = sum(threads, name -> name.matches("(GC|G1) .*|VM Thread"));
    double sessions = postmaster.isEmpty() ? Double.NaN : sessions(database);
    return new CpuShares(
        compilers,
        collector,
        Cpu.secondsOf(relay.pid()) - compilers - collector,
        sessions,
        Cpu.secondsOfServer(postmaster) - sessions,
        Cpu.secondsOf(ProcessHandle.current().pid()));
  }

  /** What was used since then, of so many messages: microseconds a message. */
  CpuShares since(CpuShares before, long messages) {
    double unit = 1e6 / messages;
    return new CpuShares(
        (compilers - before.compilers) * unit,
        (collector - before.collector) * unit,
        (work - before.work) * unit,
        (sessions - before.sessions) * unit,
        (server - before.server) * unit,
        (bench - before.bench) * unit);
  }

  /** The relay's process. */
  double relay() {
    return compilers + collector + work;
  }

  private static double sessions(BenchDatabase database) throws SQLException {
    double seconds = 0;
    try (Connection c = database.connect();
        Statement s = c.createStatement();
        ResultSet r = s.executeQuery(SESSIONS)) {
      while (r.next()) {
        double used = Cpu.secondsOf(r.getLong(1));
        seconds += Double.isFinite(used) ? used : 0;
      }
    }
    return seconds;
  }

  private static double sum(Map<String, Double> threads, Predicate<String> which) {
    return threads.entrySet().stream()
        .filter(thread -> which.test(thread.getKey()))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }
}
