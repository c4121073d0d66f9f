// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a run came to.
 *
 * @param committed changes committed, counted once a destination that is owed them
 * @param delivered first arrivals
 * @param repeated arrivals beyond the first
 * @param lost committed and never arrived
 * @param neverAcknowledged arrived, and taken for delivered without an acknowledgement
 * @param phantom arrived and never committed
 * @param outOfOrder first arrivals that did not take up their key where it stood
 * @param tooEarly sent while another message of the key was unanswered, or beyond the limit
 * @param altered repeated with another content, or a change that came as two messages
 * @param unexplained repetitions for which no fault accounts
 * @param lateEpochMillis the longest that an older owner was heard after a newer one
 * @param differing rows that differ between the lines and the tables
 * @param waited what could be sent and was not for too long, while only those things happened that
 *     may delay nothing
 * @param idle kinds of fault that were not made, or to no effect: the run says nothing of them
 * @param misbehaved what processes did that they must not: exits, slow stops, messages that a sweep
 *     had to find
 * @param faults how many faults of each kind were made
 * @param problems the first problems, in words
 * @param notes further figures
 */
record Verdict(
    long committed,
    long delivered,
    long repeated,
    long lost,
    long neverAcknowledged,
    long phantom,
    long outOfOrder,
    long tooEarly,
    long altered,
    long unexplained,
    long lateEpochMillis,
    long differing,
    long waited,
    int idle,
    long misbehaved,
    Map<String, Integer> faults,
    List<String> problems,
    List<String> notes) {

  /** Beyond the heartbeat bound of 10 s and what scheduling on a busy machine adds. */
  private static final long LATE_EPOCH_LIMIT_MILLIS = 12_000;

  boolean good() {
    return lost == 0
        && neverAcknowledged == 0
        && phantom == 0
        && outOfOrder == 0
        && tooEarly == 0
        && altered == 0
        && unexplained == 0
        && differing == 0
        && waited == 0
        && misbehaved == 0
        && lateEpochMillis <= LATE_EPOCH_LIMIT_MILLIS;
  }

  int faultCount() {
    return faults.entrySet().stream()
        .filter(entry -> !entry.getKey().equals(FaultKind.MACHINE_STOOD_STILL.name()))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  String report() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "committed "
            + committed
            + ", delivered "
            + delivered
            + ", repeated "
            + repeated
            + ", lost "
            + lost
            + ", phantom "
            + phantom
            + ", out of order "
            + outOfOrder);
    lines.add(
        "never acknowledged "
            + neverAcknowledged
            + ", too early "
            + tooEarly
            + ", altered "
            + altered
            + ", unexplained repeats "
            + unexplained
            + ", rows that differ "
            + differing
            + ", waited too long "
            + waited
            + ", processes that misbehaved "
            + misbehaved
            + ", older epoch heard at most "
            + lateEpochMillis
            + " ms after a newer one");
    lines.add("faults " + faultCount() + " " + faults);
    lines.addAll(notes);
    lines.addAll(problems);
    return String.join(System.lineSeparator(), lines);
  }
}
