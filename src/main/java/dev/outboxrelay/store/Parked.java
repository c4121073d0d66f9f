package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;

/**
 * A gate with a message that was refused, or with messages held behind one that no longer stands.
 *
 * @param gate whose
 * @param headId the smallest id of its refused or failed messages, 0 when only held ones are left
 * @param firstHeldId the smallest id of its held messages, 0 when there are none
 */
public record Parked(Gate gate, long headId, long firstHeldId) {}
