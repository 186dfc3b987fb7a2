import { derive } from '../identity/seeded';
import { formatUuid } from '../identity/uuid';
import { Refusal } from './refusal';

/** The guide: "A tag can be maximum 100 characters." */
const MAX_TAG_LENGTH = 100;

/** A defined tag. Devices hold on to this object, so that a new name shows on all of them (the guide says it does). */
export interface Tag {
  readonly id: string;
  name: string;
  description: string;
  /** Deleted: devices that still hold it no longer show it. Spares a walk over all devices. */
  deleted: boolean;
}

/** The tags of the team, "provisioning groups" in the portal. */
export class Tags {
  private readonly byId = new Map<string, Tag>();
  private readonly byName = new Map<string, Tag>();
  private made = 0;

  constructor(private readonly seed: string) {}

  /** All tags in the order of their creation. */
  all(): Tag[] {
    return [...this.byId.values()];
  }

  find(id: string): Tag | undefined {
    return this.byId.get(id);
  }

  /**
   * Defines a tag.
   * @throws Refusal 400 for an unusable name or description, 409 for a name that exists
   */
  create(name: unknown, description: unknown): Tag {
    const checked = checkTag(name);
    const text = checkDescription(description);
    this.refuseDuplicate(checked);
    return this.add(checked, text);
  }

  /**
   * Replaces name and description, everywhere. A body without `tag` is refused (PUT replaces: our choice).
   * @throws Refusal 400, 404 or 409
   */
  update(id: string, name: unknown, description: unknown): Tag {
    const tag = this.get(id);
    const checked = checkTag(name);
    const text = checkDescription(description);
    if (checked !== tag.name) this.refuseDuplicate(checked);
    this.byName.delete(tag.name);
    tag.name = checked;
    tag.description = text;
    this.byName.set(checked, tag);
    return tag;
  }

  /**
   * Deletes a tag, also from all devices (the guide).
   * @throws Refusal 404
   */
  remove(id: string): void {
    const tag = this.get(id);
    tag.deleted = true;
    this.byId.delete(id);
    this.byName.delete(tag.name);
  }

  /**
   * Checks the tags of a claim, and changes nothing. Repeated names count once.
   * @throws Refusal 400
   */
  check(names: unknown, undefinedTags: 'create' | 'refuse'): string[] {
    if (names === undefined) return [];
    if (!Array.isArray(names)) throw new Refusal(400, 'tags is an array of texts.');
    const checked = [...new Set((names as unknown[]).map(checkTag))];
    const unknown = checked.find((name) => !this.byName.has(name));
    if (undefinedTags === 'refuse' && unknown !== undefined) {
      throw new Refusal(400, `The tag ${JSON.stringify(unknown)} is not defined.`);
    }
    return checked;
  }

  /** The tags of checked names; defines those that are missing. */
  resolve(names: readonly string[]): Tag[] {
    return names.map((name) => this.byName.get(name) ?? this.add(name, ''));
  }

  private get(id: string): Tag {
    const tag = this.byId.get(id);
    if (!tag) throw new Refusal(404, 'There is no tag with this id.');
    return tag;
  }

  private add(name: string, description: string): Tag {
    const id = formatUuid(derive(this.seed, 'tag', String(this.made++)));
    const tag: Tag = { id, name, description, deleted: false };
    this.byId.set(id, tag);
    this.byName.set(name, tag);
    return tag;
  }

  private refuseDuplicate(name: string): void {
    if (this.byName.has(name)) throw new Refusal(409, `The tag ${JSON.stringify(name)} exists already.`);
  }
}

/** Characters are counted as code points; blank tags are refused. Both are our choice. */
function checkTag(name: unknown): string {
  if (typeof name !== 'string' || name.trim() === '') throw new Refusal(400, 'A tag is a text that is not blank.');
  if (Array.from(name).length > MAX_TAG_LENGTH)
    throw new Refusal(400, `A tag has at most ${MAX_TAG_LENGTH} characters.`);
  return name;
}

function checkDescription(description: unknown): string {
  if (description === undefined) return '';
  if (typeof description !== 'string') throw new Refusal(400, 'The description of a tag is a text.');
  return description;
}
