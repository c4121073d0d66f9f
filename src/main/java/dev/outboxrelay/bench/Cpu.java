// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The CPU time that processes have used, where the operating system tells (Linux): unlike elapsed
 * time it stays what it is when the machine has other work.
 */
final class Cpu {
  /** The kernel's unit in /proc, fixed for user space. */
  private static final double TICKS_A_SECOND = 100;

  private static final int USER_TICKS = 11;
  private static final int CHILD_SYSTEM_TICKS = 14;
  private static final int OWN_SYSTEM_TICKS = 12;

  private Cpu() {}

  /** Seconds that a process has used; NaN where that is not known. */
  static double secondsOf(long pid) {
    return ticks(pid, OWN_SYSTEM_TICKS) / TICKS_A_SECOND;
  }

  /**
   * Seconds that the living threads of a process have used, by the thread's name as the operating
   * system knows it: its first 15 bytes. Threads of one name are added up; empty where it is not
   * known.
   */
  static Map<String, Double> secondsByThread(long pid) {
    Map<String, Double> seconds = new HashMap<>();
    try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path thread : threads.toList()) {
        double ticks = ticks(thread, OWN_SYSTEM_TICKS);
        if (Double.isFinite(ticks)) {
          String name = Files.readString(thread.resolve("comm")).strip();
          seconds.merge(name, ticks / TICKS_A_SECOND, Double::sum);
        }
      }
    } catch (IOException e) {
      // It has ended, or there is no such folder.
    }
    return seconds;
  }

  /** Seconds that a server and all its processes have used; NaN where that is not known. */
  static double secondsOfServer(OptionalLong postmaster) {
    if (postmaster.isEmpty()) {
      return Double.NaN;
    }
    long pid = postmaster.getAsLong();
    double ended;
    double living;
    do {
      ended = ticks(pid, CHILD_SYSTEM_TICKS);
      living =
          ProcessHandle.of(pid).stream()
              .flatMap(ProcessHandle::children)
              .mapToDouble(child -> ticks(child.pid(), OWN_SYSTEM_TICKS))
              .filter(Double::isFinite)
              .sum();
      // A session that ended meanwhile is in neither of the two.
    } while (ticks(pid, CHILD_SYSTEM_TICKS) - ended > 1);
    return (ended + living) / TICKS_A_SECOND;
  }

  /** The server's first process; none when it is not on this machine. */
  static OptionalLong postmaster(BenchServer server) throws SQLException {
    if (!server.isEmbedded()) {
      return OptionalLong.empty();
    }
    try (var c = server.connect();
        var s = c.createStatement();
        var r = s.executeQuery("show data_directory")) {
      r.next();
      Path file = Path.of(r.getString(1), "postmaster.pid");
      return OptionalLong.of(Long.parseLong(Files.readAllLines(file).get(0).strip()));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** The sum of the tick counters from user time up to another; they stand side by side. */
  private static double ticks(long pid, int last) {
    return ticks(Path.of("/proc", Long.toString(pid)), last);
  }

  private static double ticks(Path process, int last) {
    try {
      String stat = Files.readString(process.resolve("stat"));
      // The second field is a name that may hold anything, in parentheses.
      List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
      double ticks = 0;
      for (int field = USER_TICKS; field <= last; field++) {
        ticks += Long.parseLong(fields.get(field));
      }
      return ticks;
    } catch (IOException e) {
      return Double.NaN;
    }
  }
}
