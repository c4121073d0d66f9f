// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What was drawn for a fault, whether its kind has a use for it or not: so a seed makes the same
 * sequence again.
 *
 * @param station null where the run has none
 * @param shortMillis up to 2.5 s
 * @param longMillis up to 14 s
 */
record Chance(@Nullable Station station, RelaySlot relay, int shortMillis, int longMillis) {

  static Chance draw(Random random, List<Station> stations, List<RelaySlot> relays) {
    return new Chance(
        stations.isEmpty() ? null : stations.get(random.nextInt(stations.size())),
        relays.get(random.nextInt(relays.size())),
        50 + random.nextInt(2_500),
        200 + random.nextInt(14_000));
  }
}
