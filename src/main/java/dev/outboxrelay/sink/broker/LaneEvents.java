// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener.Fault;

/** Hears what a broker answers to one destination's messages, on any thread. Never blocks. */
public interface LaneEvents {
  /** What became of a message; later ones of the same message are passed over. */
  void answered(Answer answer);

  /** This destination's lane has ended, and not the whole connection. */
  void ended(String reason, Fault fault);

  /** The relay itself failed over an answer, so that what the lane has missed is not known. */
  void broken(Throwable problem);
}
