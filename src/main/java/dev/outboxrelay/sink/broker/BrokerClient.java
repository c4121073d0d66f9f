// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.values.Destination;
import java.io.IOException;

/**
 * A connected client of a cluster. Called on the cluster's thread, one call at a time, which may
 * block for a bounded time; but for {@link #close}.
 */
public interface BrokerClient {

  /** Makes clients of one cluster. */
  interface Maker {
    /**
     * Connects. Blocks.
     *
     * @param lost to be told, on any thread, when the connection has ended
     * @throws IOException why it cannot be reached, in words
     * @throws IllegalArgumentException what is wrong with its settings
     */
    BrokerClient connect(Lost lost) throws IOException, InterruptedException;
  }

  /** Hears of a connection's end. */
  interface Lost {
    /** It broke, and a message that was on it may be why. */
    void lost(String reason);

    /** The cluster is gone, which no message is to blame for. */
    void down(String reason);
  }

  /** Makes ready for one destination. */
  Lane open(Destination destination, LaneEvents events) throws IOException, InterruptedException;

  /** Ends it, on any thread, also while another call blocks. Takes no more than a second. */
  void close();
}
