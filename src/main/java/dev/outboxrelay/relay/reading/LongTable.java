// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Numbers by id, without an object for either: open addressing with linear probing, at most half
 * full. It grows with what is in it and never shrinks.
 */
final class LongTable {
  private static final int FIRST_CAPACITY = 64;

  /** Values of free places; no value may be this. */
  private static final long FREE = Long.MIN_VALUE;

  private long[] ids = new long[FIRST_CAPACITY];
  private long[] values = free(FIRST_CAPACITY);
  private int size;

  /** The value of an id, or another one when there is none. */
  long get(long id, long otherwise) {
    long value = values[placeOf(id)];
    return value == FREE ? otherwise : value;
  }

  void put(long id, long value) {
    int place = placeOf(id);
    if (values[place] == FREE) {
      if ((size + 1) * 2 > ids.length) {
        grow();
        place = placeOf(id);
      }
      size++;
      ids[place] = id;
    }
    values[place] = value;
  }

  /** Removes an id if it has this value. */
  void remove(long id, long value) {
    int place = placeOf(id);
    if (values[place] == FREE || values[place] != value) {
      return;
    }
    values[place] = FREE;
    size--;
    closeGap(place);
  }

  /** The smallest ids that have a value, at most so many, in order. */
  List<Long> smallest(long value, int limit) {
    PriorityQueue<Long> smallest = new PriorityQueue<>(Comparator.reverseOrder());
    for (int at = 0; at < ids.length; at++) {
      if (values[at] == value && (smallest.size() < limit || ids[at] < smallest.peek())) {
        smallest.add(ids[at]);
        if (smallest.size() > limit) {
          smallest.remove();
        }
      }
    }
    return smallest.stream().sorted().toList();
  }

  int size() {
    return size;
  }

  /** Moves back what follows, so that no search ends at the gap before it reaches its id. */
  private void closeGap(int freed) {
    int mask = ids.length - 1;
    int gap = freed;
    for (int at = (gap + 1) & mask; values[at] != FREE; at = (at + 1) & mask) {
      int wanted = hash(ids[at]) & mask;
      if (((at - wanted) & mask) >= ((at - gap) & mask)) {
        ids[gap] = ids[at];
        values[gap] = values[at];
        values[at] = FREE;
        gap = at;
      }
    }
  }

  private void grow() {
    long[] oldIds = ids;
    long[] oldValues = values;
    ids = new long[oldIds.length * 2];
    values = free(ids.length);
    for (int at = 0; at < oldIds.length; at++) {
      if (oldValues[at] != FREE) {
        int place = placeOf(oldIds[at]);
        ids[place] = oldIds[at];
        values[place] = oldValues[at];
      }
    }
  }

  /** Where an id is, or would go. */
  private int placeOf(long id) {
    int mask = ids.length - 1;
    int place = hash(id) & mask;
    while (values[place] != FREE && ids[place] != id) {
      place = (place + 1) & mask;
    }
    return place;
  }

  private static int hash(long id) {
    return (int) (id * 0x9E3779B97F4A7C15L >>> 32);
  }

  private static long[] free(int capacity) {
    long[] values = new long[capacity];
    Arrays.fill(values, FREE);
    return values;
  }
}
