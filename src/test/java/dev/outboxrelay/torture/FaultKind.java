// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** What can go wrong. The weight says how often, against the others. */
enum FaultKind {
  KILL_RELAY(8),
  TERMINATE_RELAY(5),
  FREEZE_RELAY(3),
  MEMORY_GONE(3),
  KILL_POSTGRES(4),
  TERMINATE_ONE_BACKEND(8),
  TERMINATE_ALL_BACKENDS(3),
  CUT_DATABASE(5),
  STALL_DATABASE(4),
  HALF_OPEN_DATABASE(3),
  DATABASE_HOST_GONE(3),
  CUT_RECEIVER(8),
  CUT_INSIDE_LINE(6),
  STALL_NETWORK(5),
  HALF_OPEN_AT_RELAY(4),
  HALF_OPEN_AT_RECEIVER(4),
  CRASH_RECEIVER(6),
  RECEIVER_STOPS_READING(4),
  RECEIVER_CUTS_ANSWER(5),
  RECEIVER_ANSWERS_GARBAGE(5),
  RECEIVER_REFUSES_CONNECTIONS(4),
  RECEIVER_SILENT(4),
  RECEIVER_HALF_CLOSES(4),

  RECEIVER_REFUSES_MESSAGES(5, true),
  RECEIVER_REFUSES_FOR_GOOD(4, true),
  REQUEUED(6, true),
  DISCARDED(4, true),
  PAUSED(4, true),
  SETTINGS_CHANGED(4, true),
  CAPTURED_ANEW(3, true),
  FOREIGN_NOTIFICATIONS(4, true),
  LOG_UNREAD(4, true),
  HALF_AN_HTTP_REQUEST(4, true),

  /** Not made but noticed. */
  MACHINE_STOOD_STILL(0);

  private final int weight;
  private final boolean gentle;

  FaultKind(int weight) {
    this(weight, false);
  }

  /**
   * A kind.
   *
   * @param gentle what could be sent meanwhile must be sent as ever
   */
  FaultKind(int weight, boolean gentle) {
    this.weight = weight;
    this.gentle = gentle;
  }

  /** Only these, by their names with commas between, so that one kind can be looked at alone. */
  private static final String ONLY = System.getProperty("torture.only", "");

  /** The kinds that can be made. */
  static List<FaultKind> makeable() {
    List<String> only = List.of(ONLY.split(","));
    return Stream.of(values())
        .filter(kind -> kind.weight > 0 && (ONLY.isEmpty() || only.contains(kind.name())))
        .toList();
  }

  /** The kinds that delay nothing. */
  static List<FaultKind> gentle() {
    return makeable().stream().filter(kind -> kind.gentle).toList();
  }

  static FaultKind pick(Random random, List<FaultKind> kinds) {
    int dice = random.nextInt(kinds.stream().mapToInt(kind -> kind.weight).sum());
    for (FaultKind kind : kinds) {
      dice -= kind.weight;
      if (dice < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("weights do not add up");
  }
}
