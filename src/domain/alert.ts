export interface Finding {
  isFar: boolean;
  figures: Record<string, string | number>;
}
