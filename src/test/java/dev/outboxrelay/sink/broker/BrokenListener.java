// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener.Fault;
import java.util.ArrayList;
import java.util.List;

/** Fails over each answer, as where a class is missing, and remembers what it is told of that. */
public final class BrokenListener implements LaneEvents {
  public final List<Throwable> told = new ArrayList<>();
  public final Error error = new NoClassDefFoundError("a class of ours");

  @Override
  public void answered(Answer answer) {
    throw error;
  }

  @Override
  public void ended(String reason, Fault fault) {
    throw error;
  }

  @Override
  public void broken(Throwable problem) {
    told.add(problem);
  }
}
