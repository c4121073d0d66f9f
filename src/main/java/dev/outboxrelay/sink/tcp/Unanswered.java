// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.Answer;
import java.util.Arrays;
import java.util.List;

/**
 * What was sent on one connection and is not answered yet, in the order of sending.
 *
 * <p>It turns a receiver's answers into answers that the relay may rely on: each for a message that
 * is waiting on this connection, each sending answered once, {@code ack_up_to} spelt out. A second
 * answer to the same sending is passed over; an answer to what was never sent here is an error. To
 * tell the two apart, the latest answered sendings are remembered for a while.
 *
 * <p>A list of sendings, compacted when it is full, and an open-addressing table from id to place
 * in the list: no object a message, since this runs for each. Memory grows with what waits, not
 * with what was sent.
 */
final class Unanswered {

  private static final int FIRST_CAPACITY = 1024;
  private static final int FREE = -1;

  /** The sendings, oldest first: both parts of their ids, and whether they wait for an answer. */
  private long[] ids = new long[FIRST_CAPACITY];

  private long[] stamps = new long[FIRST_CAPACITY];
  private boolean[] waiting = new boolean[FIRST_CAPACITY];
  private int size;

  /** Places in the list by hash of id, linear probing, twice as long as the list. */
  private int[] table = newTable(FIRST_CAPACITY);

  /** No sending before this place waits. */
  private int firstWaiting;

  private int count;

  /** How many sendings wait for an answer. */
  int count() {
    return count;
  }

  void sent(long id, long stamp) {
    if (size == ids.length) {
      makeRoom();
    }
    int slot = slotOf(id);
    if (table[slot] != FREE) {
      // Sent again on the same connection: the later sending is the one that waits.
      settle(table[slot]);
    }
    table[slot] = size;
    ids[size] = id;
    stamps[size] = stamp;
    waiting[size] = true;
    size++;
    count++;
    skipSettled();
  }

  /**
   * Takes a receiver's answer.
   *
   * @param out gets what it means: nothing when it repeats an earlier answer
   */
  void answered(Answer answer, List<Answer> out) throws ProtocolException {
    int place = placeOf(answer);
    if (answer instanceof Answer.AckedUpTo) {
      for (int each = firstWaiting; each <= place; each++) {
        if (waiting[each]) {
          out.add(new Answer.Acked(ids[each], stamps[each]));
          settle(each);
        }
      }
    } else if (waiting[place]) {
      out.add(answer);
      settle(place);
    }
    skipSettled();
  }

  private int placeOf(Answer answer) throws ProtocolException {
    long id = answer.id();
    int place = firstWaiting < size && ids[firstWaiting] == id ? firstWaiting : table[slotOf(id)];
    if (place == FREE || stamps[place] != answer.stamp()) {
      throw new ProtocolException(
          "an answer is for message "
              + answer.wireId()
              + ", which was not sent on this connection");
    }
    return place;
  }

  private void settle(int place) {
    if (waiting[place]) {
      waiting[place] = false;
      count--;
    }
  }

  private void skipSettled() {
    while (firstWaiting < size && !waiting[firstWaiting]) {
      firstWaiting++;
    }
  }

  /**
   * Keeps what waits and the newest quarter of the rest, in order; doubles the list when more than
   * half of it waits. Either way at least a quarter is free afterwards, so this is rare.
   */
  private void makeRoom() {
    int capacity = count > ids.length / 2 ? Math.multiplyExact(ids.length, 2) : ids.length;
    long[] keptIds = new long[capacity];
    long[] keptStamps = new long[capacity];
    boolean[] keptWaiting = new boolean[capacity];
    int remembered = size - ids.length / 4;
    int kept = 0;
    for (int place = 0; place < size; place++) {
      if (waiting[place] || place >= remembered) {
        keptIds[kept] = ids[place];
        keptStamps[kept] = stamps[place];
        keptWaiting[kept] = waiting[place];
        kept++;
      }
    }
    ids = keptIds;
    stamps = keptStamps;
    waiting = keptWaiting;
    size = kept;
    firstWaiting = 0;
    skipSettled();
    table = newTable(capacity);
    for (int place = 0; place < size; place++) {
      table[slotOf(ids[place])] = place;
    }
  }

  private static int[] newTable(int capacity) {
    int[] table = new int[Math.multiplyExact(capacity, 2)];
    Arrays.fill(table, FREE);
    return table;
  }

  /** Where the id is in the table, or where it would go. */
  private int slotOf(long id) {
    int mask = table.length - 1;
    int slot = (int) (id * 0x9E3779B97F4A7C15L >>> 32) & mask;
    while (table[slot] != FREE && ids[table[slot]] != id) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
