@NullMarked
package dev.outboxrelay.relay.ownership;

import org.jspecify.annotations.NullMarked;
