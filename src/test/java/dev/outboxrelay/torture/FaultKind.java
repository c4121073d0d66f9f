package dev.outboxrelay.torture;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** What can go wrong. The weight says how often, against the others. */
enum FaultKind {
  KILL_RELAY(8),
  TERMINATE_RELAY(5),
  FREEZE_RELAY(3),
  KILL_POSTGRES(4),
  TERMINATE_ONE_BACKEND(8),
  TERMINATE_ALL_BACKENDS(3),
  CUT_DATABASE(5),
  STALL_DATABASE(4),
  HALF_OPEN_DATABASE(3),
  CUT_RECEIVER(8),
  CUT_INSIDE_LINE(6),
  STALL_NETWORK(5),
  HALF_OPEN_AT_RELAY(4),
  HALF_OPEN_AT_RECEIVER(4),
  CRASH_RECEIVER(6),
  RECEIVER_STOPS_READING(4),
  RECEIVER_CUTS_ANSWER(5),
  RECEIVER_ANSWERS_GARBAGE(5),
  RECEIVER_REFUSES_MESSAGES(5),
  RECEIVER_REFUSES_CONNECTIONS(4),
  RECEIVER_SILENT(4),
  RECEIVER_HALF_CLOSES(4),

  /** Not made but noticed. */
  MACHINE_STOOD_STILL(0);

  private final int weight;

  FaultKind(int weight) {
    this.weight = weight;
  }

  /** The kinds that can be made. */
  static List<FaultKind> makeable() {
    return Stream.of(values()).filter(kind -> kind.weight > 0).toList();
  }

  static FaultKind pick(Random random) {
    int sum = 0;
    for (FaultKind kind : values()) {
      sum += kind.weight;
    }
    int dice = random.nextInt(sum);
    for (FaultKind kind : values()) {
      dice -= kind.weight;
      if (dice < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("weights do not add up");
  }
}
